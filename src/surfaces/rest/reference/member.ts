import { boundsOf } from "../../../registry/bounds.ts";
import type { JsonSchema } from "../../../registry/field.ts";

/** One member of an object, as a person reads about it. */
export type Member = {
  readonly name: string;
  readonly required: boolean;
  readonly type: string;
  /** What is said about it, in Markdown's backticks and plain text. */
  readonly does: string;
  /** What else it must be: its values, bounds, default. */
  readonly facts: readonly string[];
  readonly within: readonly Member[];
};

const depthMax = 5;

type Defs = NonNullable<JsonSchema["$defs"]>;
type Schema = JsonSchema | boolean;

/** The members of an object's schema, those of members within, to a depth of 5. */
export function membersOf(schema: JsonSchema): readonly Member[] {
  return members(schema, schema.$defs ?? {}, 1);
}

function members(schema: JsonSchema, defs: Defs, depth: number): readonly Member[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).map(([name, declared]) => {
    const own = resolved(declared, defs);
    return {
      name,
      required: required.includes(name),
      type: typeOf(own, defs, 1),
      does: own.description ?? "",
      facts: factsOf(own, defs),
      within: within(own, defs, depth + 1),
    };
  });
}

function within(schema: JsonSchema, defs: Defs, depth: number): readonly Member[] {
  if (depth > depthMax) return [];
  const { items } = schema;
  const parts = [
    ...branchesOf(schema, defs),
    ...(typeof items === "object" && !Array.isArray(items) ? [resolved(items, defs)] : []),
  ];
  const found = [...members(schema, defs, depth), ...parts.flatMap((part) => within(part, defs, depth + 1))];
  const names = found.map(({ name }) => name);
  return found.filter(({ name }, i) => names.indexOf(name) === i);
}

function resolved(schema: Schema, defs: Defs): JsonSchema {
  if (typeof schema === "boolean") return {};
  const target = schema.$ref === undefined ? undefined : defs[schema.$ref.replace("#/$defs/", "")];
  if (target === undefined || typeof target === "boolean") return schema;
  const { $ref: _ref, ...besides } = schema;
  return { ...target, ...besides };
}

function branchesOf({ anyOf, oneOf }: JsonSchema, defs: Defs): readonly JsonSchema[] {
  return (anyOf ?? oneOf ?? []).map((branch) => resolved(branch, defs));
}

/** Text, number, boolean, null, list and object: together anything at all. */
const anyTypes = 6;
const formats: Readonly<Record<string, string>> = { "date-time": "moment", uri: "URL", date: "day" };

function typeOf(schema: JsonSchema, defs: Defs, depth: number): string {
  if (depth > depthMax) return "anything";
  const branches = branchesOf(schema, defs);
  if (branches.length >= anyTypes) return "anything";
  if (branches.length > 0) {
    const types = [...new Set(branches.map((branch) => typeOf(branch, defs, depth + 1)))];
    return types.join(" or ");
  }
  if (schema.type === undefined) return typeOfValues(schema);
  if (schema.type === "array") {
    const { items } = schema;
    const inner =
      items === undefined || Array.isArray(items)
        ? "anything"
        : typeOf(resolved(items, defs), defs, depth + 1);
    return `list of ${inner}`;
  }
  if (schema.type === "string") return formats[schema.format ?? ""] ?? "text";
  return [schema.type].flat().join(" or ");
}

function typeOfValues({ enum: values, ...schema }: JsonSchema): string {
  const value: unknown = "const" in schema ? schema.const : values?.[0];
  if (value === undefined) return "anything";
  if (value === null) return "null";
  return typeof value === "string" ? "text" : typeof value;
}

function factsOf(schema: JsonSchema, defs: Defs): readonly string[] {
  const { default: preset } = schema;
  const shown = preset === undefined ? "" : JSON.stringify(preset);
  return [
    valuesOf(schema, defs),
    boundsOf(schema),
    shown === "" || shown === "{}" || shown === "[]" ? "" : `default \`${shown}\``,
    schema["secret"] === true ? "secret: never logged, never answered" : "",
  ].filter((fact) => fact !== "");
}

function valuesOf(schema: JsonSchema, defs: Defs): string {
  const { items } = schema;
  const inner = typeof items === "object" && !Array.isArray(items) ? [resolved(items, defs)] : [];
  const values = [schema, ...branchesOf(schema, defs), ...inner].flatMap((part): readonly unknown[] =>
    "const" in part ? [part.const] : (part.enum ?? []),
  );
  return values.length === 0
    ? ""
    : `one of ${values.map((value) => `\`${JSON.stringify(value)}\``).join(", ")}`;
}
