import { Failure } from "../../../kernel/failure.ts";

export type Token =
  | { readonly kind: "(" | ")" | "not" | "and" | "or"; readonly at: number }
  | Term
  /** Text that stands for itself. */
  | { readonly kind: "text"; readonly at: number; readonly value: string };

/** A field with what it is compared to. */
export type Term = {
  readonly kind: "term";
  readonly at: number;
  readonly field: string;
  readonly op: Op;
  readonly opAt: number;
  readonly value: string;
  readonly valueAt: number;
};

export type Op = "!=" | ">=" | "<=" | ":" | "=" | ">" | "<";
/** As they may be written, the longer ones first: elsewhere people write `duration:>250`. */
const ops: readonly (readonly [written: string, Op])[] = [
  [":>=", ">="],
  [":<=", "<="],
  [":>", ">"],
  [":<", "<"],
  ["!=", "!="],
  [">=", ">="],
  ["<=", "<="],
  [":", ":"],
  ["=", "="],
  [">", ">"],
  ["<", "<"],
];

export const queryCharactersMax = 1_000;
const tokensMax = 100;
const words = ["and", "or", "not"] as const;
const fieldName = /[A-Za-z][A-Za-z0-9_.-]*/y;
const space = /\s*/y;
/** Up to a space or bracket; quotes are read by themselves. */
const bare = /[^\s()"]+/y;

/** @throws Failure invalid at `/query` that says at which character */
export function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = skip(query, 0); at < query.length;) {
    if (tokens.length === tokensMax) throw wrong(at, `more than ${tokensMax} terms`);
    const [token, next] = tokenAt(query, at);
    tokens.push(token);
    at = skip(query, next);
  }
  return tokens;
}

function tokenAt(query: string, at: number): readonly [Token, next: number] {
  const char = query[at];
  if (char === "(" || char === ")") return [{ kind: char, at }, at + 1];
  if (char === "-" || char === "!") return [{ kind: "not", at }, at + 1];
  if (char === '"') {
    const [value, next] = quoted(query, at);
    return [{ kind: "text", at, value }, next];
  }
  const field = matchAt(fieldName, query, at);
  const term = field === undefined ? undefined : termAt(query, at, field);
  if (term !== undefined) return term;
  const [value, next] = bareAt(query, at);
  const word = wordOf(value);
  return [word === undefined ? { kind: "text", at, value } : { kind: word, at }, next];
}

/** Spaces may stand on both sides of what compares; undefined = nothing is compared here. */
function termAt(query: string, at: number, field: string): readonly [Term, next: number] | undefined {
  if (query[at + field.length] === "~")
    throw wrong(at + field.length, "nothing is compared by ~; as part of a text it stands in quotes");
  const opAt = skip(query, at + field.length);
  const found = ops.find(([written]) => query.startsWith(written, opAt));
  if (found === undefined || (wordOf(field) !== undefined && opAt > at + field.length)) return undefined;
  const [written, op] = found;
  const valueAt = skip(query, opAt + written.length);
  const [value, next] = query[valueAt] === '"' ? quoted(query, valueAt) : bareAt(query, valueAt);
  if (wordOf(query.slice(valueAt, next)) !== undefined && valueAt > opAt + written.length)
    throw wrong(valueAt, "a value is missing here");
  return [{ kind: "term", at, field, op, opAt, value, valueAt }, next];
}

/** In whatever case: what is looked for as a text stands in quotes. */
function wordOf(text: string): (typeof words)[number] | undefined {
  const lower = text.toLowerCase();
  return words.find((word) => word === lower);
}

function bareAt(query: string, at: number): readonly [string, next: number] {
  const value = matchAt(bare, query, at);
  if (value === undefined) throw wrong(at, "a value is missing here");
  return [value, at + value.length];
}

/** `\"` and `\\` stand for a quote and a backslash. */
function quoted(query: string, at: number): readonly [string, next: number] {
  let value = "";
  for (let i = at + 1; i < query.length; i++) {
    const char = query[i] ?? "";
    if (char === '"') return [value, i + 1];
    if (char === "\\") i++;
    value += char === "\\" ? (query[i] ?? "") : char;
  }
  throw wrong(at, "this quote is not closed");
}

function skip(query: string, at: number): number {
  return at + (matchAt(space, query, at)?.length ?? 0);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

export function wrong(at: number, message: string, allowed?: readonly string[]): Failure {
  return new Failure("invalid", `The query cannot be read at character ${at + 1}: ${message}.`, {
    pointer: "/query",
    ...(allowed && { allowed }),
    hint: 'Such as: status:5xx AND (path:/orders/* OR route:"/users/{id}") AND NOT userAgent:*bot* duration>250',
  });
}
