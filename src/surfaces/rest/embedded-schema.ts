import { z } from "zod";
import type { JsonSchema } from "../../registry/field.ts";

export type Json = z.output<ReturnType<typeof z.json>>;
export type JsonObject = { [key: string]: Json };

const JsonObject = z.record(z.string(), z.json());

export type Embedding = {
  /** Whose schema it is: the beginning of the names of what it defines. */
  readonly owner: string;
  /** What `#/$defs/…` in the schema refers to. */
  readonly definitions: JsonSchema["$defs"];
  /** `components.schemas` of the document: definitions that the schema uses are added here. */
  readonly schemas: JsonObject;
};

/**
 * A JSON Schema as part of an OpenAPI document. References are relative to the document there, so definitions move
 * to its components; a secret is marked as such, and what means "any value" becomes the empty schema.
 */
export function embedded(schema: JsonSchema, embedding: Embedding): JsonObject {
  const definitions = JsonObject.parse(JSON.parse(JSON.stringify(embedding.definitions ?? {})));
  const anything = new Set(Object.keys(definitions).filter((name) => isAnything(definitions[name])));
  function moved(value: Json): Json {
    if (Array.isArray(value)) return value.map(moved);
    return typeof value === "object" && value !== null ? movedObject(value) : value;
  }
  function movedObject(value: JsonObject): JsonObject {
    const { $ref, $schema: _schema, $defs: _defs, secret, brief, ...rest } = value;
    const marks = {
      ...(secret === true ? { writeOnly: true, format: "password" } : nothingFor(secret, "secret")),
      // A mark for lists of tools, unless it is the name of a member.
      ...(brief === true ? {} : nothingFor(brief, "brief")),
    };
    const kept = Object.fromEntries(Object.entries(rest).map(([name, member]) => [name, moved(member)]));
    const name = typeof $ref === "string" ? $ref.replace("#/$defs/", "") : undefined;
    if (name === undefined) return { ...kept, ...marks, ...nothingFor($ref, "$ref") };
    return anything.has(name) ? kept : { ...kept, ...marks, $ref: component(name) };
  }
  function nothingFor(member: Json | undefined, name: string): JsonObject {
    return member === undefined ? {} : { [name]: moved(member) };
  }
  function component(name: string): string {
    const as = `${embedding.owner}${name}`;
    if (!(as in embedding.schemas)) {
      // Entered before it is filled: it may refer to itself.
      embedding.schemas[as] = {};
      embedding.schemas[as] = moved(definitions[name] ?? {});
    }
    return `#/components/schemas/${as}`;
  }
  return movedObject(JsonObject.parse(JSON.parse(JSON.stringify(schema))));
}

/** What `z.json()` becomes: six alternatives that together are any value at all. */
function isAnything(definition: Json | undefined): boolean {
  const parsed = z.object({ anyOf: z.array(z.looseObject({ type: z.string() })) }).safeParse(definition);
  const types = parsed.data?.anyOf.map(({ type }) => type).toSorted() ?? [];
  return types.join() === "array,boolean,null,number,object,string";
}
