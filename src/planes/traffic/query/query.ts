import { tokensOf, wrong, type Term, type Token } from "./tokens.ts";

/** What a query says: terms under AND, OR and NOT. */
export type Query =
  | { readonly kind: "all" | "any"; readonly of: readonly Query[] }
  | { readonly kind: "not"; readonly of: Query }
  | Term
  | { readonly kind: "text"; readonly at: number; readonly value: string };

const depthMax = 20;

/**
 * Reads `term AND (term OR NOT term)`; AND may be left out and binds closer than OR, `-` and `!` are NOT.
 * The words may be in lower case.
 *
 * @throws Failure invalid at `/query` that says at which character
 */
export function queryOf(text: string): Query {
  const reader: Reader = { tokens: tokensOf(text), at: 0, end: text.length };
  const query = either(reader, 0);
  const left = reader.tokens[reader.at];
  if (left !== undefined) throw wrong(left.at, "this bracket closes nothing");
  return query;
}

type Reader = { readonly tokens: readonly Token[]; at: number; readonly end: number };

function either(reader: Reader, depth: number): Query {
  const of = [both(reader, depth)];
  while (reader.tokens[reader.at]?.kind === "or") {
    reader.at++;
    of.push(both(reader, depth));
  }
  return joined("any", of);
}

function both(reader: Reader, depth: number): Query {
  const of = [one(reader, depth)];
  for (;;) {
    const next = reader.tokens[reader.at]?.kind;
    if (next === undefined || next === "or" || next === ")") return joined("all", of);
    if (next === "and") reader.at++;
    of.push(one(reader, depth));
  }
}

function one(reader: Reader, depth: number): Query {
  const token = reader.tokens[reader.at++];
  if (token === undefined) throw wrong(reader.end, "a term is missing here");
  if (token.kind === "term" || token.kind === "text") return token;
  if (depth === depthMax) throw wrong(token.at, `nested more than ${depthMax} deep`);
  if (token.kind === "not") return { kind: "not", of: one(reader, depth + 1) };
  if (token.kind === "(") return within(reader, depth + 1, token.at);
  throw wrong(token.at, "a term is missing here");
}

/** What is in brackets, of which the first was at `at`. */
function within(reader: Reader, depth: number, at: number): Query {
  const inner = either(reader, depth);
  if (reader.tokens[reader.at]?.kind !== ")") throw wrong(at, "this bracket is not closed");
  reader.at++;
  return inner;
}

function joined(kind: "all" | "any", of: readonly Query[]): Query {
  const [only] = of;
  return of.length === 1 && only !== undefined ? only : { kind, of };
}
