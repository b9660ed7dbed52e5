import { z } from "zod";
import { publicInput, type Operation } from "./operation.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;
export type JsonKind = "string" | "number" | "boolean" | "null" | "array" | "object";

/** One member of an operation's public input, as a surface that reads text must know it. */
export type Field = {
  readonly name: string;
  readonly schema: JsonSchema;
  /** The kinds of JSON value it may be, and those of its items where it may be an array. */
  readonly takes: ReadonlySet<JsonKind>;
  readonly itemTakes: ReadonlySet<JsonKind>;
  /** The only values allowed, of the field or its items; empty = not an enumeration. */
  readonly allowed: readonly string[];
  readonly required: boolean;
  /** May not be logged or audited: best read from a file. */
  readonly secret: boolean;
};

const anyKind: ReadonlySet<JsonKind> = new Set(["string", "number", "boolean", "null", "array", "object"]);
const nothing: ReadonlySet<JsonKind> = new Set();
const refsFollowedMax = 8;

const schemas = new WeakMap<Operation, JsonSchema>();
const fields = new WeakMap<Operation, readonly Field[]>();

/** The public input as JSON Schema 2020-12, made once. */
export function inputSchema(it: Operation): JsonSchema {
  const known = schemas.get(it);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(publicInput(it), { io: "input" });
  schemas.set(it, made);
  return made;
}

/** The members of the public input, in the order declared, made once. */
export function fieldsOf(it: Operation): readonly Field[] {
  const known = fields.get(it);
  if (known !== undefined) return known;
  const { properties = {}, required = [], $defs = {} } = inputSchema(it);
  const made = Object.entries(properties).map(([name, declared]) => {
    const schema = typeof declared === "boolean" ? {} : declared;
    const kinds = kindsOf(schema, $defs, 0);
    return {
      name,
      schema,
      takes: kinds.own,
      itemTakes: kinds.items,
      allowed: allowedBy(schema),
      required: required.includes(name),
      secret: schema["secret"] === true,
    };
  });
  fields.set(it, made);
  return made;
}

/** The names of the `:name` parts of an operation's path. */
export function pathParameters(path: string): readonly string[] {
  return [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? "");
}

type Kinds = { readonly own: ReadonlySet<JsonKind>; readonly items: ReadonlySet<JsonKind> };
type Defs = NonNullable<JsonSchema["$defs"]>;

function kindsOf(schema: JsonSchema | boolean, defs: Defs, followed: number): Kinds {
  if (typeof schema === "boolean" || followed > refsFollowedMax) return { own: anyKind, items: anyKind };
  const target = schema.$ref === undefined ? undefined : defs[schema.$ref.replace("#/$defs/", "")];
  if (target !== undefined) return kindsOf(target, defs, followed + 1);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return union(branches.map((branch) => kindsOf(branch, defs, followed + 1)));
  const own = new Set(declaredKinds(schema));
  if (!own.has("array")) return { own, items: nothing };
  const { items } = schema;
  const inner = items === undefined || Array.isArray(items) ? true : items;
  return { own, items: kindsOf(inner, defs, followed + 1).own };
}

function union(all: readonly Kinds[]): Kinds {
  return {
    own: new Set(all.flatMap(({ own }) => [...own])),
    items: new Set(all.flatMap(({ items }) => [...items])),
  };
}

function declaredKinds(schema: JsonSchema): readonly JsonKind[] {
  if (schema.type !== undefined) return [schema.type].flat().map((it) => (it === "integer" ? "number" : it));
  const values = "const" in schema ? [schema.const] : schema.enum;
  return values === undefined ? [...anyKind] : values.map(kindOfValue);
}

function kindOfValue(value: unknown): JsonKind {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const kind = typeof value;
  return kind === "string" || kind === "number" || kind === "boolean" ? kind : "object";
}

function allowedBy(schema: JsonSchema): readonly string[] {
  if (schema.enum !== undefined) return schema.enum.map(String);
  if ("const" in schema) return [String(schema.const)];
  const branches = schema.anyOf ?? schema.oneOf ?? [];
  const within = branches.map((branch) => (branch.type === "null" ? ["null"] : allowedBy(branch)));
  if (within.length > 0) return within.some((values) => values.length === 0) ? [] : within.flat();
  const { items } = schema;
  return typeof items === "object" && !Array.isArray(items) ? allowedBy(items) : [];
}
