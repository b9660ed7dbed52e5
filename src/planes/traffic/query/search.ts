import { compileGlob } from "../../../../capture/glob.ts";
import type { Condition } from "../../../engines/ledger/ledger.ts";
import type { Body, Exchange, Message } from "../../../kernel/exchange.ts";
import { fieldNamed, fieldNames } from "./fields.ts";
import { queryOf, type Query } from "./query.ts";
import { wrong, type Term } from "./tokens.ts";

/** A query made ready for the ledger. */
export type Search = {
  /** What the ledger itself can tell; undefined = it can tell nothing. */
  readonly condition: Condition | undefined;
  /** What is left to be told by headers and bodies; undefined = nothing is. */
  readonly rest: ((exchange: Exchange) => boolean) | undefined;
};

/** @throws Failure invalid at `/query` that says at which character */
export function searchOf(text: string): Search {
  const tree = treeOf(queryOf(text), false);
  const condition = conditionOf(tree);
  const rest = hasContent(tree) ? (exchange: Exchange) => holds(tree, exchange) : undefined;
  return { condition: condition === true ? undefined : condition, rest };
}

/** A query with its NOTs at the terms, and its terms either the ledger's or of content. */
type Tree =
  | { readonly kind: "all" | "any"; readonly of: readonly Tree[] }
  | { readonly kind: "column"; readonly condition: Condition; readonly not: boolean }
  | { readonly kind: "content"; readonly matches: (exchange: Exchange) => boolean; readonly not: boolean };

const turned = { all: "any", any: "all" } as const;

function treeOf(query: Query, not: boolean): Tree {
  if (query.kind === "not") return treeOf(query.of, !not);
  if (query.kind === "term") return termOf(query, not);
  if (query.kind === "text") return { kind: "column", condition: textCondition(query.value), not };
  return { kind: not ? turned[query.kind] : query.kind, of: query.of.map((it) => treeOf(it, not)) };
}

function termOf(term: Term, not: boolean): Tree {
  const { at, field, op, opAt, value } = term;
  const content = contentOf(field);
  if (content !== undefined) {
    if (op !== ":" && op !== "=" && op !== "!=") throw wrong(opAt, `${field} is compared by : or !=`);
    const like = compileGlob(value.includes("*") ? value : `*${value}*`, "text");
    const matches = (exchange: Exchange): boolean => content(exchange).some(like);
    return { kind: "content", matches, not: not !== (op === "!=") };
  }
  const known = fieldNamed(field);
  if (known === undefined) throw wrong(at, `there is no field "${field.slice(0, 40)}"`, fieldNames);
  const condition = known(op === "!=" ? { ...term, op: ":" } : term);
  return { kind: "column", condition, not: not !== (op === "!=") };
}

/** Text by itself is looked for in the path and in the message of an error. */
function textCondition(value: string): Condition {
  const like = value.includes("*") ? value : `*${value}*`;
  return {
    any: [
      { field: "path", like },
      { field: "facts.message", like },
    ],
  };
}

type Content = (exchange: Exchange) => readonly string[];

function contentOf(field: string): Content | undefined {
  if (field === "body")
    return ({ request, response }) => [textOf(request.body), textOf(response?.body ?? null)];
  if (field === "requestBody") return ({ request }) => [textOf(request.body)];
  if (field === "responseBody") return ({ response }) => [textOf(response?.body ?? null)];
  const header = /^(requestHeader|responseHeader|header)\.(.+)$/.exec(field);
  if (header === null) return undefined;
  const [, side, name = ""] = header;
  return ({ request, response }) => [
    ...(side === "responseHeader" ? [] : valuesOf(request, name)),
    ...(side === "requestHeader" || response === null ? [] : valuesOf(response, name)),
  ];
}

function valuesOf({ headers }: Message, wanted: string): readonly string[] {
  const lower = wanted.toLowerCase();
  return headers.filter(([name]) => name.toLowerCase() === lower).map(([, value]) => value);
}

function textOf(body: Body | null): string {
  return body === null ? "" : new TextDecoder().decode(body.bytes);
}

function hasContent(tree: Tree): boolean {
  return (
    tree.kind === "content" || ((tree.kind === "all" || tree.kind === "any") && tree.of.some(hasContent))
  );
}

/** What must hold at least: terms of content are taken to hold, for the moment. */
function conditionOf(tree: Tree): Condition | true {
  if (tree.kind === "content") return true;
  if (tree.kind === "column") return tree.not ? { not: tree.condition } : tree.condition;
  const parts = tree.of.map(conditionOf);
  const told = parts.filter((part) => part !== true);
  if (tree.kind === "any") return told.length < parts.length ? true : { any: told };
  return told.length === 0 ? true : { all: told };
}

function holds(tree: Tree, exchange: Exchange): boolean {
  if ("of" in tree) {
    const one = (it: Tree): boolean => holds(it, exchange);
    return tree.kind === "all" ? tree.of.every(one) : tree.of.some(one);
  }
  if (tree.kind === "content") return tree.matches(exchange) !== tree.not;
  return columnHolds(tree.condition, exchange) !== tree.not;
}

/** As the ledger understands a condition; a value that is not there meets none. */
export function columnHolds(condition: Condition, exchange: Exchange): boolean {
  if ("all" in condition) return condition.all.every((it) => columnHolds(it, exchange));
  if ("any" in condition) return condition.any.some((it) => columnHolds(it, exchange));
  if ("not" in condition) return !columnHolds(condition.not, exchange);
  return meets(valueOf(condition.field, exchange), condition);
}

type Comparison = Extract<Condition, { readonly field: unknown }>;

function meets(value: unknown, condition: Comparison): boolean {
  if (value === null || value === undefined) return false;
  if ("is" in condition) return condition.is.some((it) => it === value);
  if ("like" in condition) return typeof value === "string" && compileGlob(condition.like, "text")(value);
  if ("present" in condition) return true;
  const { atLeast = -Infinity, atMost = Infinity } = condition;
  return Number(value) >= atLeast && Number(value) <= atMost;
}

function valueOf(field: string, exchange: Exchange): unknown {
  if (field.startsWith("facts.")) return exchange.facts[field.slice(6)];
  return Object.entries(exchange).find(([name]) => name === field)?.[1];
}
