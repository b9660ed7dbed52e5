import { InvalidRule } from "./invalid-rule.ts";
import {
  complement,
  digits,
  inAnyCase,
  lineEnds,
  spaces,
  union,
  type UnitSet,
  wordUnits,
} from "./pattern-set.ts";

const charactersMax = 500;
const nestingMax = 20;
const repetitionsMax = 1_000;

export type Assertion = "start" | "end" | "edge" | "no_edge";

export type PatternNode =
  | { readonly kind: "unit"; readonly set: UnitSet }
  | { readonly kind: "assertion"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly nodes: readonly PatternNode[] }
  | { readonly kind: "choice"; readonly nodes: readonly PatternNode[] }
  | Repeat;

export type Repeat = {
  readonly kind: "repeat";
  readonly node: PatternNode;
  readonly min: number;
  /** Infinity when there is no end to it. */
  readonly max: number;
  readonly lazy: boolean;
};

type Reading = { readonly source: string; at: number; depth: number; anyCase: boolean };

const controls: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, "0": 0 };
const classes: Readonly<Record<string, UnitSet>> = {
  d: digits,
  w: wordUnits,
  s: spaces,
  D: complement(digits),
  W: complement(wordUnits),
  S: complement(spaces),
};
const assertions: Readonly<Record<string, Assertion>> = {
  "^": "start",
  $: "end",
  "\\b": "edge",
  "\\B": "no_edge",
};

/**
 * Reads the subset of the regular expressions of ECMAScript (without flags) that can be matched in linear time:
 * characters, escapes, classes, groups, `(?i:…)` for the letters of ASCII, alternatives, greedy and lazy quantifiers,
 * `^`, `$`, `\b` and `\B`. At most 500 characters, 20 groups in each other, 1,000 repetitions.
 * @throws InvalidRule with the position of what is not part of it
 */
export function readPattern(source: string): PatternNode {
  if (source === "") throw new InvalidRule("", "The pattern is empty.");
  if (source.length > charactersMax)
    throw new InvalidRule(
      "",
      `The pattern has ${source.length} characters, at most ${charactersMax} are allowed.`,
    );
  const reading = { source, at: 0, depth: 0, anyCase: false };
  const node = choice(reading);
  if (reading.at < source.length)
    throw refused(reading.at, "There is no group that this parenthesis could close.");
  return node;
}

function refused(position: number, message: string): InvalidRule {
  return new InvalidRule("", `At character ${position + 1}: ${message}`);
}

function choice(reading: Reading): PatternNode {
  const nodes = [sequence(reading)];
  while (taken(reading, "|")) nodes.push(sequence(reading));
  const [only] = nodes;
  return nodes.length === 1 && only !== undefined ? only : { kind: "choice", nodes };
}

function sequence(reading: Reading): PatternNode {
  const nodes: PatternNode[] = [];
  for (;;) {
    const next = reading.source[reading.at];
    if (next === undefined || next === "|" || next === ")") return { kind: "sequence", nodes };
    nodes.push(quantified(reading));
  }
}

function quantified(reading: Reading): PatternNode {
  const begun = reading.at;
  const node = term(reading);
  const written = /[*+?]|\{\d{1,4}(?:,\d{0,4})?\}/y;
  written.lastIndex = reading.at;
  const quantifier = written.exec(reading.source)?.[0];
  if (quantifier === undefined) return node;
  if (node.kind === "assertion") throw refused(begun, "An anchor cannot be repeated.");
  const [min, max] = boundsOf(quantifier);
  if (min > max) throw refused(reading.at, "The least number of repetitions is above the most.");
  if (min > repetitionsMax || (max > repetitionsMax && max !== Infinity))
    throw refused(reading.at, `At most ${repetitionsMax} repetitions are allowed.`);
  reading.at += quantifier.length;
  const lazy = taken(reading, "?");
  if (/[*+?]/.test(reading.source[reading.at] ?? ""))
    throw refused(
      reading.at,
      "A quantifier cannot be quantified. Put a group around what it should be about.",
    );
  return { kind: "repeat", node, min, max, lazy };
}

function boundsOf(quantifier: string): readonly [min: number, max: number] {
  if (quantifier === "?") return [0, 1];
  if (!quantifier.startsWith("{")) return [quantifier === "+" ? 1 : 0, Infinity];
  const [min = "", max] = quantifier.slice(1, -1).split(",");
  return [Number(min), max === undefined ? Number(min) : max === "" ? Infinity : Number(max)];
}

function term(reading: Reading): PatternNode {
  const { source, at } = reading;
  const next = source[at] ?? "";
  const assertion = assertions[next === "\\" ? source.slice(at, at + 2) : next];
  if (assertion !== undefined) {
    reading.at += next === "\\" ? 2 : 1;
    return { kind: "assertion", assertion };
  }
  if (next === "(") return group(reading);
  if (/[*+?{]/.test(next))
    throw refused(at, `There is nothing to repeat. Write \\${next} for the character.`);
  return { kind: "unit", set: cased(reading, unit(reading)) };
}

function cased(reading: Reading, set: UnitSet): UnitSet {
  return reading.anyCase ? inAnyCase(set) : set;
}

function unit(reading: Reading): UnitSet {
  if (taken(reading, ".")) return complement(lineEnds);
  if (taken(reading, "[")) return classOf(reading);
  return member(reading, false);
}

function group(reading: Reading): PatternNode {
  const [begun, anyCase] = [reading.at, reading.anyCase];
  reading.at++;
  if (taken(reading, "?")) modify(reading);
  if (++reading.depth > nestingMax)
    throw refused(begun, `At most ${nestingMax} groups in each other are allowed.`);
  const node = choice(reading);
  if (!taken(reading, ")")) throw refused(begun, "This group is not closed.");
  reading.depth--;
  reading.anyCase = anyCase;
  return node;
}

/** What stands behind `(?`. */
function modify(reading: Reading): void {
  if (/^<?[=!]/.test(reading.source.slice(reading.at, reading.at + 2)))
    throw refused(
      reading.at,
      "Looking ahead or behind is not supported: it cannot be matched in linear time.",
    );
  if (taken(reading, "i:")) reading.anyCase = true;
  else if (!taken(reading, ":")) throw refused(reading.at, "Of groups there are (…), (?:…) and (?i:…).");
}

/** Behind the bracket. */
function classOf(reading: Reading): UnitSet {
  const begun = reading.at - 1;
  const negated = taken(reading, "^");
  const sets: UnitSet[] = [];
  while (!taken(reading, "]")) {
    if (reading.at >= reading.source.length) throw refused(begun, "This class is not closed.");
    sets.push(range(reading));
  }
  const set = cased(reading, union(sets));
  return negated ? complement(set) : set;
}

function range(reading: Reading): UnitSet {
  const begun = reading.at;
  const first = member(reading, true);
  const [dash, next] = reading.source.slice(reading.at, reading.at + 2);
  if (dash !== "-" || next === undefined || next === "]") return first;
  reading.at++;
  const [from, to] = [single(first), single(member(reading, true))];
  if (from === undefined || to === undefined)
    throw refused(begun, "A range goes from one character to another. Write \\- for the dash.");
  if (from > to) throw refused(begun, "The range ends before it begins.");
  return [[from, to]];
}

function single(set: UnitSet): number | undefined {
  const [only] = set;
  return set.length === 1 && only?.[0] === only?.[1] ? only?.[0] : undefined;
}

/** One character or an escape. Within brackets \b is the backspace. */
function member(reading: Reading, bracketed: boolean): UnitSet {
  const begun = reading.at;
  const next = reading.source[reading.at++] ?? "";
  if (next !== "\\") return of(next.charCodeAt(0));
  const escaped = reading.source[reading.at++];
  if (escaped === undefined) throw refused(begun, "A backslash at the end escapes nothing.");
  const known = classes[escaped];
  if (known !== undefined) return known;
  const code = bracketed && escaped === "b" ? 8 : (controls[escaped] ?? hexadecimal(reading, escaped));
  if (code !== undefined && !/^\d\d/.test(reading.source.slice(reading.at - 1, reading.at + 1)))
    return of(code);
  if (/[1-9]/.test(escaped))
    throw refused(begun, "References to groups are not supported: they cannot be matched in linear time.");
  if (/\w/.test(escaped)) throw refused(begun, `\\${escaped} is no escape that is supported.`);
  return of(escaped.charCodeAt(0));
}

function of(code: number): UnitSet {
  return [[code, code]];
}

function hexadecimal(reading: Reading, escaped: string): number | undefined {
  const length = escaped === "x" ? 2 : escaped === "u" ? 4 : 0;
  const code = reading.source.slice(reading.at, reading.at + length);
  if (length === 0 || !new RegExp(`^[0-9a-fA-F]{${length}}$`).test(code)) return undefined;
  reading.at += length;
  return Number.parseInt(code, 16);
}

function taken(reading: Reading, text: string): boolean {
  const is = reading.source.startsWith(text, reading.at);
  if (is) reading.at += text.length;
  return is;
}
