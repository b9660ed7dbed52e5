import { wordsOf, type KnownValues } from "./known-values.ts";
import type { Kind, Shape } from "./shape.ts";

/** A schema of JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type JsonSchema = { readonly [member: string]: unknown };

/** What fits all that was seen. Nothing is forbidden that merely was not seen. */
export function schemaOf(shape: Shape, values: KnownValues, at = ""): JsonSchema {
  const types = typesOf(shape.kinds);
  const words = wordsOf(values, at);
  const isWord = words !== undefined && shape.kinds.every((kind) => kind === "string" || kind === "null");
  return {
    ...(types.length > 0 && { type: types.length === 1 ? types[0] : types }),
    ...(isWord ? { enum: shape.kinds.includes("null") ? [...words, null] : words } : formatOf(shape)),
    ...objectOf(shape, values, at),
    ...(shape.items && { items: schemaOf(shape.items, values, `${at}[]`) }),
  };
}

function typesOf(kinds: readonly Kind[]): readonly Kind[] {
  return kinds.includes("number") ? kinds.filter((kind) => kind !== "integer") : kinds;
}

function formatOf({ format }: Shape): JsonSchema {
  if (format === undefined || format === "none") return {};
  return format === "redacted" ? { description: "Redacted before it was stored." } : { format };
}

function objectOf({ fields, rest }: Shape, values: KnownValues, at: string): JsonSchema {
  if (rest !== undefined) return { additionalProperties: schemaOf(rest, values, `${at}{}`) };
  const list = Object.entries(fields ?? {});
  if (list.length === 0) return {};
  const required = list.filter(([, { always }]) => always).map(([name]) => name);
  const below = (name: string): string => (at === "" ? name : `${at}.${name}`);
  return {
    properties: Object.fromEntries(
      list.map(([name, { shape }]) => [name, schemaOf(shape, values, below(name))]),
    ),
    ...(required.length > 0 && { required }),
  };
}
