import { InvalidRule } from "./invalid-rule.ts";

/** A compiled regular expression whose matching takes time in proportion to the text. */
export type Pattern = {
  /** The first match that begins at `from` or later. */
  find(text: string, from: number): readonly [start: number, end: number] | undefined;
  test(text: string): boolean;
  /** Steps taken so far, of which a character takes at most as many as the pattern has parts. */
  steps(): number;
};

/** @throws InvalidRule with the position of what is not supported */
export function compilePattern(source: string): Pattern {
  const literal = /^[\w -]+$/.test(source) ? source : undefined;
  if (literal === undefined) throw new InvalidRule("", "Only plain text is supported so far.");
  let steps = 0;
  const find = (text: string, from: number): readonly [number, number] | undefined => {
    const start = text.indexOf(literal, from);
    steps += text.length - from;
    return start === -1 ? undefined : [start, start + literal.length];
  };
  return { find, test: (text) => find(text, 0) !== undefined, steps: () => steps };
}
