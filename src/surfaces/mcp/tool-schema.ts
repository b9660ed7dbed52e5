import { z } from "zod";
import { publicInput, type Operation } from "../../registry/operation.ts";

type Json = z.core.util.JSONType;
type JsonObject = { [key: string]: Json };

/**
 * The input as JSON Schema 2020-12, without what costs a model tokens and says nothing, and without formats and patterns
 * that some clients stumble over. Strict: an unknown argument is refused, so the schema says so.
 */
export function inputSchemaOf(it: Operation): JsonObject {
  const whole = JsonObject.parse(
    JSON.parse(JSON.stringify(z.toJSONSchema(publicInput(it), { io: "input" }))),
  );
  const { $schema: _, $defs, ...rest } = whole;
  const definitions = JsonObject.catch({}).parse($defs);
  const anything = new Set(
    Object.entries(definitions)
      .filter(([, definition]) => isAnything(definition))
      .map(([name]) => referenceTo(name)),
  );
  const leaned = leanObject({ ...rest, properties: withoutToldOnce(rest["properties"] ?? {}) }, anything);
  const kept = referenced(leaned, definitions, anything);
  return Object.keys(kept).length > 0 ? { ...leaned, $defs: kept } : leaned;
}

/**
 * The members of the output by name; of what kind they are and what is inside of them, `describe_operation` tells. Loose,
 * since clients validate results against a copy that they keep.
 */
export function outputSchemaOf(it: Operation): JsonObject {
  const properties = Object.fromEntries(Object.keys(it.output.shape).map((name) => [name, {}]));
  return { type: "object", properties };
}

/** Of a prompt: what its arguments are called, what they mean, and which must be there. */
export function argumentsOf(
  shape: z.ZodObject,
): readonly { readonly name: string; readonly description?: string; readonly required: boolean }[] {
  const { properties = {}, required = [] } = z.toJSONSchema(shape, { io: "input" });
  return Object.entries(properties).map(([name, schema]) => {
    const description = typeof schema === "object" ? schema.description : undefined;
    return { name, ...(description !== undefined && { description }), required: required.includes(name) };
  });
}

const JsonObject = z.record(z.string(), z.json());

function referenceTo(name: string): string {
  return `#/$defs/${name}`;
}

/** The definitions that are still referred to, from what was left out too little of. */
function referenced(leaned: JsonObject, definitions: JsonObject, anything: ReadonlySet<string>): JsonObject {
  const kept: JsonObject = {};
  let known: number;
  do {
    known = Object.keys(kept).length;
    const text = JSON.stringify([leaned, kept]);
    for (const [name, definition] of Object.entries(definitions))
      if (text.includes(`"${referenceTo(name)}"`)) kept[name] = leanValue(definition, anything);
  } while (known < Object.keys(kept).length);
  return kept;
}

/** What `z.json()` becomes: six alternatives that together mean any value at all. */
function isAnything(definition: Json): boolean {
  const parsed = z.object({ anyOf: z.array(z.looseObject({ type: z.string() })) }).safeParse(definition);
  if (!parsed.success) return false;
  const types = parsed.data.anyOf.map(({ type }) => type).toSorted();
  return types.join() === "array,boolean,null,number,object,string";
}

function leanValue(value: Json, anything: ReadonlySet<string>): Json {
  if (Array.isArray(value)) return value.map((it) => leanValue(it, anything));
  return typeof value === "object" && value !== null ? leanObject(value, anything) : value;
}

function leanObject(schema: JsonObject, anything: ReadonlySet<string>): JsonObject {
  if (schema["brief"] === true) return brief(schema);
  if (typeof schema["$ref"] === "string" && anything.has(schema["$ref"])) {
    const { $ref: _, ...rest } = schema;
    return rest;
  }
  const leaned: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") leaned[key] = leanProperties(value, anything);
    else if (!isNoise(key, value)) leaned[key] = leanValue(value, anything);
  }
  return leaned;
}

/** Told in full by `describe_operation`, when it is needed. */
function brief({ type = "object", description }: JsonObject): JsonObject {
  const does = typeof description === "string" ? `${description} ` : "";
  return { type, description: `${does}Its members: describe_operation.` };
}

/** Names of properties are not keywords: a field called `format` stays. */
function leanProperties(properties: Json, anything: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(JsonObject.parse(properties)).map(([name, it]) => [name, leanValue(it, anything)]),
  );
}

/** What many tools take; `instructions` say once what it means. */
const toldOnce: ReadonlySet<string> = new Set(["workspaceId", "dryRun", "fields", "cursor"]);

function withoutToldOnce(properties: Json): JsonObject {
  return Object.fromEntries(
    Object.entries(JsonObject.parse(properties)).map(([name, it]) => {
      if (!toldOnce.has(name)) return [name, it];
      const { description: _, ...rest } = JsonObject.parse(it);
      return [name, rest];
    }),
  );
}

const toldByErrors: ReadonlySet<string> = new Set([
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "maximum",
  "pattern",
]);

function isNoise(key: string, value: Json): boolean {
  if (key === "minimum" && (value === 0 || value === 1)) return true;
  if (key === "minimum") return Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
  if (key === "format") return value === "uri";
  if (toldByErrors.has(key)) return true;
  return key === "propertyNames" && JSON.stringify(value) === '{"type":"string"}';
}
