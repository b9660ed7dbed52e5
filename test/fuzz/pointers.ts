import { inputSchema, type JsonSchema } from "../../src/registry/field.ts";
import type { Output } from "../../src/registry/invoke.ts";
import type { Operation } from "../../src/registry/operation.ts";

/** A refusal cuts the names in its pointer at this length. */
const nameMax = 100;

/** Whether a JSON pointer names a place of the input, or one that the schema has and the input left out. */
export function pointsSomewhere(pointer: string, it: Operation, input: Output): boolean {
  const names = pointer.split("/").slice(1);
  const schema = inputSchema(it);
  return inInput(names, input) || inSchema(names, schema, schema.$defs ?? {});
}

function inInput(names: readonly string[], value: unknown): boolean {
  const [name, ...rest] = names;
  if (name === undefined) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, inner]) => cut(key) === name && inInput(rest, inner));
}

function cut(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1").slice(0, nameMax);
}

type Defs = NonNullable<JsonSchema["$defs"]>;

function inSchema(names: readonly string[], schema: JsonSchema | boolean, defs: Defs): boolean {
  const [name, ...rest] = names;
  if (typeof schema === "boolean") return schema;
  if (name === undefined) return true;
  if (schema.$ref !== undefined)
    return inSchema(names, defs[schema.$ref.replace("#/$defs/", "")] ?? false, defs);
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  return (
    membersOf(schema, name).some((member) => inSchema(rest, member, defs)) ||
    branches.some((branch) => inSchema(names, branch, defs))
  );
}

function membersOf({ properties, items, additionalProperties }: JsonSchema, name: string) {
  const declared = properties?.[name] ?? additionalProperties ?? false;
  return items === undefined || Array.isArray(items) || !/^\d+$/.test(name) ? [declared] : [declared, items];
}
