import fc from "fast-check";
import type { JsonSchema } from "../../src/registry/field.ts";

type Defs = NonNullable<JsonSchema["$defs"]>;
type Values = fc.Arbitrary<unknown>;

/** Longer values are what the mutations are for. */
const lengthMax = 60;
const itemsMax = 4;
/** A recursive schema is cut short here. */
const depthMax = 6;

/** Values that a JSON Schema (2020-12) allows. What only code can check, such as a URL that may be reached, may still be refused. */
export function valuesOf(schema: JsonSchema | boolean, defs: Defs = {}, depth = 0): Values {
  if (typeof schema === "boolean" || depth > depthMax) return anything;
  const of: Of = (inner) => valuesOf(inner, defs, depth + 1);
  if (schema.$ref !== undefined) return of(defs[schema.$ref.replace("#/$defs/", "")] ?? true);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return fc.oneof(...branches.map(of));
  const listed = "const" in schema ? [schema.const] : schema.enum;
  return listed === undefined ? ofKind(schema, of) : fc.constantFrom(...listed);
}

const anything: Values = fc.jsonValue({ maxDepth: 2 });

type Of = (inner: JsonSchema | boolean) => Values;
type OfKind = (schema: JsonSchema, of: Of) => Values;

function ofKind(schema: JsonSchema, of: Of): Values {
  const kinds = [schema.type ?? []].flat();
  return kinds.length === 0 ? anything : fc.oneof(...kinds.map((kind) => byKind[kind](schema, of)));
}

const byKind: Readonly<Record<NonNullable<JsonSchema["type"]> & string, OfKind>> = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: ({ minimum = -1_000, maximum = 1_000 }) =>
    fc.integer({ min: clamped(minimum), max: clamped(maximum) }),
  number: ({ minimum, maximum }) =>
    fc.double({
      noNaN: true,
      noDefaultInfinity: true,
      ...(minimum !== undefined && { min: minimum }),
      ...(maximum !== undefined && { max: maximum }),
    }),
  string: textsOf,
  array: ({ items = true, minItems = 0, maxItems = itemsMax }, of) =>
    fc.array(Array.isArray(items) ? anything : of(items), {
      minLength: minItems,
      maxLength: Math.max(minItems, Math.min(maxItems, itemsMax)),
    }),
  object: objectsOf,
};

function clamped(bound: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, bound));
}

function textsOf({ format, pattern, minLength = 0, maxLength = Infinity }: JsonSchema): Values {
  if (format === "date-time") return moments;
  if (format === "uri") return fc.webUrl();
  if (pattern !== undefined) {
    return matching(pattern).filter(({ length }) => length >= minLength && length <= maxLength);
  }
  const bounds = { minLength, maxLength: Math.max(minLength, Math.min(maxLength, lengthMax)) };
  return fc.oneof(fc.string(bounds), fc.string({ ...bounds, unit: anyCharacter }));
}

// fast-check lists all of Unicode for each of these: once is enough.
const anyCharacter = fc.string({ unit: "binary", minLength: 1, maxLength: 1 });
const made = new Map<string, fc.Arbitrary<string>>();

function matching(pattern: string): fc.Arbitrary<string> {
  const texts = made.get(pattern) ?? fc.stringMatching(new RegExp(pattern, "u"));
  made.set(pattern, texts);
  return texts;
}

const moments = fc
  .date({ min: new Date("2026-01-01"), max: new Date("2027-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString());

function objectsOf(schema: JsonSchema, of: Of): Values {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const members = Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, of(inner)]));
  const declared = fc.record(members, {
    requiredKeys: required.filter((name) => name in members),
    noNullPrototype: true,
  });
  if (additionalProperties === false || additionalProperties === undefined) return declared;
  const names = propertyNames === undefined ? fc.string({ minLength: 1, maxLength: 10 }) : of(propertyNames);
  const others = fc
    .array(fc.tuple(names, of(additionalProperties)), { maxLength: itemsMax })
    .map((entries) => Object.fromEntries(entries) as object);
  return fc.tuple(others, declared).map(([free, own]) => ({ ...free, ...own }));
}
