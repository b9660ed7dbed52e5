import { z } from "zod";
import { publicInput, publicOutput, type Operation } from "../../registry/operation.ts";

type Json = z.core.util.JSONType;
type JsonObject = { [key: string]: Json };

/** The input as JSON Schema 2020-12. Strict: an unknown argument is refused, so the schema says so. */
export function inputSchemaOf(it: Operation): JsonObject {
  return lean(z.toJSONSchema(publicInput(it), { io: "input" }), "input");
}

/** The output as JSON Schema 2020-12. Loose at every level: clients validate results against a copy they keep. */
export function outputSchemaOf(it: Operation): JsonObject {
  return lean(z.toJSONSchema(publicOutput(it), { io: "output" }), "output");
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

type Direction = "input" | "output";

/** Leaves out what costs a model tokens and says nothing, and formats and patterns that some clients stumble over. */
function lean(schema: z.core.JSONSchema.JSONSchema, direction: Direction): JsonObject {
  const whole = JsonObject.parse(JSON.parse(JSON.stringify(schema)));
  const definitions = JsonObject.catch({}).parse(whole["$defs"]);
  const anything = new Set(
    Object.entries(definitions)
      .filter(([, definition]) => isAnything(definition))
      .map(([name]) => `#/$defs/${name}`),
  );
  const leaned = leanObject(whole, { direction, anything });
  const kept = Object.entries(definitions).filter(([name]) => !anything.has(`#/$defs/${name}`));
  delete leaned["$schema"];
  delete leaned["$defs"];
  if (kept.length > 0)
    leaned["$defs"] = Object.fromEntries(
      kept.map(([name, definition]) => [name, leanValue(definition, { direction, anything })]),
    );
  return leaned;
}

const JsonObject = z.record(z.string(), z.json());

/** What `z.json()` becomes: six alternatives that together mean any value at all. */
function isAnything(definition: Json): boolean {
  const parsed = z.object({ anyOf: z.array(z.looseObject({ type: z.string() })) }).safeParse(definition);
  if (!parsed.success) return false;
  const types = parsed.data.anyOf.map(({ type }) => type).toSorted();
  return types.join() === "array,boolean,null,number,object,string";
}

type Leaning = { readonly direction: Direction; readonly anything: ReadonlySet<string> };

function leanValue(value: Json, leaning: Leaning): Json {
  if (Array.isArray(value)) return value.map((it) => leanValue(it, leaning));
  return typeof value === "object" && value !== null ? leanObject(value, leaning) : value;
}

function leanObject(schema: JsonObject, leaning: Leaning): JsonObject {
  if (typeof schema["$ref"] === "string" && leaning.anything.has(schema["$ref"])) {
    const { $ref: _, ...rest } = schema;
    return rest;
  }
  const leaned: JsonObject = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") leaned[key] = leanProperties(value, leaning);
    else if (!isNoise(key, value, schema, leaning.direction)) leaned[key] = leanValue(value, leaning);
  }
  return leaned;
}

/** Names of properties are not keywords: a field called `format` stays. */
function leanProperties(properties: Json, leaning: Leaning): JsonObject {
  return Object.fromEntries(
    Object.entries(JsonObject.parse(properties)).map(([name, it]) => [name, leanValue(it, leaning)]),
  );
}

function isNoise(key: string, value: Json, schema: JsonObject, direction: Direction): boolean {
  if (key === "maximum" || key === "minimum") return Math.abs(Number(value)) === Number.MAX_SAFE_INTEGER;
  if (key === "pattern") return schema["format"] !== undefined;
  if (key === "format") return value === "uri";
  if (key === "propertyNames") return JSON.stringify(value) === '{"type":"string"}';
  if (key !== "additionalProperties" || direction === "input") return false;
  return value === false || JSON.stringify(value) === "{}";
}
