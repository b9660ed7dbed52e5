import { z } from "zod";
import { textsOf } from "../../../registry/coerce.ts";
import {
  fieldsOf,
  inputSchema,
  pathParameters,
  type Field,
  type JsonSchema,
} from "../../../registry/field.ts";
import type { Operation } from "../../../registry/operation.ts";
import { apiRoot } from "../answer.ts";

export type Sample =
  | string
  | number
  | boolean
  | null
  | readonly Sample[]
  | { readonly [name: string]: Sample };

type Members = { readonly [name: string]: Sample };

/** Good values by the names of fields, for answers that have fields of the same names. */
export type Hints = ReadonlyMap<string, Sample>;

type Place = {
  readonly name: string;
  readonly defs: NonNullable<JsonSchema["$defs"]>;
  readonly hints: Hints;
  readonly depth: number;
};

const unknown = "…";
const word = "example";
const depthMax = 3;
const refsFollowedMax = 8;
const lineCharactersMax = 46;
const controls: ReadonlySet<string> = new Set(["workspaceId", "dryRun", "expectedVersion"]);

/** What the inputs of these operations say of their fields. */
export function hintsOf(operations: readonly Operation[]): Hints {
  const hints = new Map<string, Sample>();
  for (const it of operations)
    for (const field of fieldsOf(it)) {
      const sample = ofField(it, field);
      if (sample !== unknown && !hints.has(field.name)) hints.set(field.name, sample);
    }
  return hints;
}

/** An input that the operation's schema takes: what is required, or else of a write one thing to change. */
export function exampleInput(it: Operation): Members {
  const fields = fieldsOf(it);
  const parts = pathParameters(it.path);
  const required = fields.filter(({ name, required: must }) => must || parts.includes(name));
  const bare = it.effect !== "read" && required.every(({ name }) => parts.includes(name));
  const changed = fields.filter(({ name }) => !controls.has(name) && !parts.includes(name));
  const bodied = it.verb !== "DELETE" && bare ? changed.slice(0, 1) : [];
  return Object.fromEntries([...required, ...bodied].map((field) => [field.name, ofField(it, field)]));
}

/** The call with that input, for a POSIX shell. */
export function curlOf(it: Operation, publicUrl: string): string {
  const input = exampleInput(it);
  const parts = pathParameters(it.path);
  const path = it.path.replaceAll(/:(\w+)/g, (_, name: string) => addressed(input[name] ?? unknown));
  const others = Object.entries(input).filter(([name]) => !parts.includes(name));
  const bodied = it.verb !== "GET" && it.verb !== "DELETE";
  const query = bodied ? "" : others.map(([name, value]) => `${name}=${addressed(value)}`).join("&");
  const method = it.verb === "GET" || it.verb === "POST" ? "" : ` -X ${it.verb}`;
  const text = JSON.stringify(Object.fromEntries(others));
  const laidOut =
    text.length > lineCharactersMax ? JSON.stringify(Object.fromEntries(others), null, 2) : text;
  return [
    `curl${method} ${quoted(`${publicUrl}${apiRoot}${path}${query === "" ? "" : `?${query}`}`)}`,
    `-H "Authorization: Bearer $SLUICE_API_KEY"`,
    ...(bodied ? ["-H 'Content-Type: application/json'", `-d ${quoted(laidOut)}`] : []),
  ].join(" \\\n  ");
}

/** An answer of this shape: real in its names and kinds of values, and nobody's. */
export function exampleAnswer(output: JsonSchema, hints: Hints): string {
  // What a dry run alone answers.
  const { dryRun: _dryRun, wouldChange: _wouldChange, ...properties } = output.properties ?? {};
  const place = { name: "", defs: output.$defs ?? {}, hints, depth: 0 };
  return JSON.stringify(sampleOf({ ...output, properties }, place), null, 2);
}

function ofField(it: Operation, { name, schema }: Field): Sample {
  return sampleOf(schema, { name, defs: inputSchema(it).$defs ?? {}, hints: new Map(), depth: 0 });
}

function sampleOf(declared: JsonSchema | boolean, place: Place): Sample {
  const [example] = exampleIn(declared);
  if (example !== undefined) return z.json().parse(example);
  const schema = plain(declared, place.defs);
  const chosen = chosenBy(schema);
  if (typeof chosen === "string" || typeof chosen === "number" || typeof chosen === "boolean") return chosen;
  const hint = place.hints.get(place.name);
  return hint !== undefined && isOf(schema, hint) ? hint : madeUp(schema, place);
}

/** What the schema itself gives as one: where not every mixture of members is allowed. */
function exampleIn(declared: JsonSchema | boolean): readonly unknown[] {
  return typeof declared === "boolean" ? [] : (declared.examples ?? []);
}

/** What a reference stands for, and of alternatives the first. */
function plain(schema: JsonSchema | boolean, defs: Place["defs"], followed = 0): JsonSchema {
  if (typeof schema === "boolean" || followed > refsFollowedMax) return {};
  const target = schema.$ref === undefined ? undefined : defs[schema.$ref.replace("#/$defs/", "")];
  const next = target ?? (schema.anyOf ?? schema.oneOf)?.[0];
  return next === undefined ? schema : plain(next, defs, followed + 1);
}

function chosenBy(schema: JsonSchema): unknown {
  if ("const" in schema) return schema.const;
  return schema.enum?.[0] ?? schema.default;
}

function isOf({ type }: JsonSchema, hint: Sample): boolean {
  return type === (typeof hint === "number" ? "integer" : typeof hint);
}

function madeUp({ type, properties = {}, ...schema }: JsonSchema, place: Place): Sample {
  if (type === "object") {
    const members = place.depth >= depthMax ? [] : Object.entries(properties);
    return Object.fromEntries(members.map(([name, each]) => [name, sampleOf(each, within(place, name))]));
  }
  if (type === "array") return listOf(schema, place);
  if (type === "integer" || type === "number") return Math.max(1, schema.minimum ?? 1);
  if (type === "boolean") return true;
  return type === "null" ? null : textFor(place.name, schema);
}

function listOf({ items }: JsonSchema, place: Place): Sample {
  if (items === undefined || Array.isArray(items) || place.depth >= depthMax) return [];
  return [sampleOf(items, within(place, place.name))];
}

function within(place: Place, name: string): Place {
  return { ...place, name, depth: place.depth + 1 };
}

/** The example that the description names, else one that the name or the form suggests. */
function textFor(name: string, { description = "", format, pattern = "" }: JsonSchema): string {
  const [, named] = /such as `([^`]+)`/.exec(description) ?? /`(\w+_…)`/.exec(description) ?? [];
  if (named !== undefined) return named;
  if (format === "date-time") return "2026-01-31T12:00:00.000Z";
  if (name === "email") return "someone@example.com";
  return format === "uri" || /url$/i.test(name) ? "https://api.example.com/hooks" : fitting(pattern);
}

/** Where letters alone are taken, a word. */
function fitting(pattern: string): string {
  const form = new RegExp(pattern);
  return form.test(unknown) || !form.test(word) ? unknown : word;
}

function addressed(value: Sample): string {
  return encodeURIComponent(textsOf(value).join(",")).replaceAll("%E2%80%A6", unknown);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
