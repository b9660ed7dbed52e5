import fc from "fast-check";
import { Failure } from "../../src/kernel/failure.ts";
import { readTexts, textsOf } from "../../src/registry/coerce.ts";
import { fieldsOf, inputSchema, pathParameters, type Field } from "../../src/registry/field.ts";
import type { Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";
import type { Known } from "./known.ts";
import { nasty, nearly } from "./nasty.ts";
import { valuesOf } from "./schema-values.ts";

/**
 * Inputs of an operation, made from its own schema: valid ones, mostly of what exists; ones with one place wrong; and
 * garbage. The operation needs to bring nothing.
 */
export function inputsOf(it: Operation, known: Known): fc.Arbitrary<Output> {
  const valid = validInputs(it, known);
  const names = fieldsOf(it).map(({ name }) => name);
  const garbage = fc.dictionary(
    fc.oneof(...names.map((name) => fc.constant(name)), fc.string()),
    fc.oneof(fc.constantFrom(...nasty), fc.jsonValue({ maxDepth: 2 })),
    { maxKeys: 6, noNullPrototype: true },
  );
  // Extremes alone, which few runs are biased to, would let next to nothing through.
  const inputs = fc.oneof(
    { weight: 5, arbitrary: fc.noBias(valid) },
    { weight: 1, arbitrary: valid },
    { weight: 3, arbitrary: nearly(fc.noBias(valid)) },
    { weight: 1, arbitrary: garbage },
  );
  return inputs.map((input) => hurried(it, JSON.parse(JSON.stringify(input)) as Output));
}

/** Inputs that the schema allows. */
export function validInputs(it: Operation, known: Known): fc.Arbitrary<object> {
  const { $defs = {} } = inputSchema(it);
  const fields = fieldsOf(it);
  const members = Object.fromEntries(
    fields.map((field): [string, fc.Arbitrary<unknown>] => {
      const values = fieldValues(field, known, $defs);
      return [field.name, field.required ? values : sometimes(field, values, fields.length)];
    }),
  );
  return fc.record(members, { noNullPrototype: true }).map(withoutAbsent);
}

const absent = Symbol("absent");

function fieldValues(
  { name, schema }: Field,
  known: Known,
  defs: Parameters<typeof valuesOf>[1],
): fc.Arbitrary<unknown> {
  const existing = known[name] ?? [];
  const any = valuesOf(schema, defs);
  if (existing.length === 0) return any;
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...existing) }, { weight: 1, arbitrary: any });
}

/** Of many optional fields only a few are given at once: each may be one too many. */
function sometimes({ name }: Field, values: fc.Arbitrary<unknown>, fields: number): fc.Arbitrary<unknown> {
  const present = { weight: rarelyPresent.has(name) ? 1 : 6, arbitrary: values };
  return fc.oneof(present, { weight: 4 + 2 * fields, arbitrary: fc.constant(absent) });
}

/** What keeps the operation from being carried out, or from being reached. */
const rarelyPresent: ReadonlySet<string> = new Set(["dryRun", "workspaceId", "cancel", "expectedVersion"]);

function withoutAbsent(input: Output): object {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== absent));
}

/** A wait that is allowed would be waited for. */
export function hurried(it: Operation, input: Output): Output {
  if (it.effect !== "read" || !("timeoutSeconds" in it.input.shape)) return input;
  const seconds = Number(input["timeoutSeconds"] ?? 1);
  return seconds > 0 && seconds <= 60 ? { ...input, timeoutSeconds: 0 } : input;
}

/**
 * The input as REST carries it, which is as the schema will see it: what stands in the path or the query goes through
 * text. Not `exact` where text cannot say it: then it means something else, or nothing.
 */
export function carried(it: Operation, input: Output): { readonly input: Output; readonly exact: boolean } {
  const fields = new Map(fieldsOf(it).map((field) => [field.name, field]));
  const inPath = pathParameters(it.path);
  const queried = it.verb === "GET" || it.verb === "DELETE";
  const filled = { ...Object.fromEntries(inPath.map((name) => [name, "x"])), ...input };
  let exact = true;
  const members = Object.entries(filled).map(([name, value]): [string, unknown] => {
    if (inPath.includes(name)) return [name, read(fields.get(name), [pathText(value)])];
    if (!queried) return [name, value];
    const texts = textsOf(value).map((text) => text.toWellFormed());
    try {
      return [name, read(fields.get(name), texts)];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      exact = false;
      return [name, value];
    }
  });
  return { input: Object.fromEntries(members), exact };
}

function read(field: Field | undefined, texts: readonly string[]): unknown {
  return field === undefined ? texts[0] : readTexts(field, texts, "split");
}

/** What stands in the path must be text that is a part of it, or it is another path. */
function pathText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.isWellFormed() && !/^\.{0,2}$/.test(text) ? text : "x";
}
