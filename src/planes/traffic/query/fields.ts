import type { Condition } from "../../../engines/ledger/ledger.ts";
import { wrong, type Op, type Term } from "./tokens.ts";

/** Makes a condition of what a field is compared to; `!=` is asked as `:` and turned around. */
type Field = (term: Comparison) => Condition;
type Comparison = Pick<Term, "op" | "opAt" | "value" | "valueAt">;
type Name = Extract<Condition, { field: unknown }>["field"];

const fields: Readonly<Record<string, Field>> = {
  method: text("method", (value) => value.toUpperCase()),
  host: text("host", (value) => value.toLowerCase()),
  path: (term) => pathIs(textIn(term)),
  route: text("route"),
  status: statusIs,
  outcome: text("outcome"),
  error: text("error"),
  message: text("facts.message"),
  environment: text("environment"),
  bucket: text("bucket"),
  kind: text("kind"),
  userAgent: text("facts.userAgent"),
  ip: text("facts.ip"),
  trace: text("trace", (value) => value.toLowerCase()),
  service: text("facts.service"),
  source: text("facts.source"),
  duration: number("durationMs"),
  durationMs: number("durationMs"),
  requestBytes: number("facts.requestBytes"),
  responseBytes: number("facts.responseBytes"),
};

/** For who names one that is not there. Those of content are read from headers and bodies. */
export const fieldNames: readonly string[] = [
  ...Object.keys(fields),
  "body",
  "requestBody",
  "responseBody",
  "header.NAME",
  "requestHeader.NAME",
  "responseHeader.NAME",
];

export function fieldNamed(name: string): Field | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function text(field: Name, form: (value: string) => string = (value) => value): Field {
  return (term) => {
    const wanted = form(textIn(term));
    return wanted === "*" ? { field, present: true } : textIs(field, wanted);
  };
}

function textIn({ op, opAt, value }: Comparison): string {
  if (op !== ":" && op !== "=") throw wrong(opAt, "text is compared by : or !=");
  return value;
}

/** `*` stands for anything. */
export function textIs(field: Name, wanted: string): Condition {
  return wanted.includes("*") ? { field, like: wanted } : { field, is: [wanted] };
}

/** Of a path or a route; a path without a query matches with any. */
export function pathIs(path: string): Condition {
  const whole = path.includes("?") || path.endsWith("*");
  return {
    any: [textIs("path", path), ...(whole ? [] : [textIs("path", `${path}?*`)]), textIs("route", path)],
  };
}

function number(field: Name): Field {
  return ({ op, value, valueAt }) => {
    const [, from, to] = /^(\d{1,15}(?:\.\d{1,6})?)(?:\.\.(\d{1,15}(?:\.\d{1,6})?))?$/.exec(value) ?? [];
    if (from === undefined) throw wrong(valueAt, "a number is asked for, or two as in 100..200");
    if (to !== undefined) return { field, atLeast: Number(from), atMost: Number(to) };
    return bound(field, op, Number(from));
  };
}

function statusIs(term: Comparison): Condition {
  const { op, opAt, value } = term;
  const field = "status";
  if (value === "none") return { not: { field, present: true } };
  const [, hundreds] = /^([1-5])xx$/i.exec(value) ?? [];
  if (hundreds === undefined) return number(field)(term);
  if (op !== ":" && op !== "=") throw wrong(opAt, "a class of statuses is compared by : or !=");
  return { field, atLeast: Number(hundreds) * 100, atMost: Number(hundreds) * 100 + 99 };
}

function bound(field: Name, op: Op, value: number): Condition {
  const present = { field, present: true } as const;
  // Durations are fractions of a millisecond: what is next to a value is that value and not the next whole one.
  if (op === ">") return { all: [present, { not: { field, atMost: value } }] };
  if (op === "<") return { all: [present, { not: { field, atLeast: value } }] };
  return { field, ...(op !== "<=" && { atLeast: value }), ...(op !== ">=" && { atMost: value }) };
}
