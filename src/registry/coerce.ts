import { Failure } from "../kernel/failure.ts";
import type { Field, JsonKind } from "./field.ts";
import { parseJson } from "./json-text.ts";
import { pointerOf } from "./parse.ts";

/**
 * What the texts given for one field mean, by the kinds of value it takes: a query parameter or a command-line flag,
 * once or repeated. A text that is no such value stays as it is, and the schema says what is wrong with it.
 *
 * - numbers and `true`, `false`, `null` where the field takes them,
 * - objects as JSON text,
 * - arrays by repetition, as JSON text, or as one text with items between `commas`.
 *
 * @throws Failure invalid when one value was expected and several are given, or JSON text is malformed
 */
export function readTexts(field: Field, texts: readonly string[], commas: "split" | "keep"): unknown {
  const [first = ""] = texts;
  const pointer = pointerOf([field.name]);
  if (!field.takes.has("array")) {
    if (texts.length > 1)
      throw new Failure("invalid", `"${field.name}" takes one value and was given ${texts.length}.`, {
        pointer,
        hint: `Give "${field.name}" once.`,
      });
    return readText(first, field.takes, pointer);
  }
  if (texts.length > 1) return texts.map((text) => readText(text, field.itemTakes, pointer));
  if (first.startsWith("[")) return parseJson(first, pointer);
  const single = readText(first, field.takes, pointer);
  const asItIs = typeof single !== "string" || field.takes.has("string");
  if (asItIs) return single;
  const parts = commas === "split" ? first.split(",").map((part) => part.trim()) : [first];
  return first === "" ? [] : parts.map((part) => readText(part, field.itemTakes, pointer));
}

/** The reverse for arrays: texts that `readTexts` reads as the same array, whatever its items contain. */
export function textsOf(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [textOf(value)];
  return value.length > 1 ? value.map(textOf) : [JSON.stringify(value)];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function readText(text: string, takes: ReadonlySet<JsonKind>, pointer: string): unknown {
  if (takes.has("null") && text === "null") return null;
  if (takes.has("boolean") && (text === "true" || text === "false")) return text === "true";
  if (takes.has("number") && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (takes.has("object") && text.startsWith("{")) return parseJson(text, pointer);
  return takes.has("array") && text.startsWith("[") ? parseJson(text, pointer) : text;
}
