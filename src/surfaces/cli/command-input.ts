import { Failure } from "../../kernel/failure.ts";
import { readTexts } from "../../registry/coerce.ts";
import { pathParameters, type Field } from "../../registry/field.ts";
import { parseJson } from "../../registry/json-text.ts";
import type { Operation } from "../../registry/operation.ts";
import { pointerOf } from "../../registry/parse.ts";
import { commandName } from "./command-name.ts";
import type { Arguments } from "./flags.ts";

/** Reads a file to its end as UTF-8 text; `-` is standard input. Throws Failure when it cannot. */
export type ReadInput = (path: string) => Promise<string>;

export type Input = ReadonlyMap<string, unknown>;

/**
 * The input a command line gives: `--input` first, then words for the parts of the path in their order, then flags,
 * which win over what `--input` says.
 */
export async function commandInput(it: Operation, given: Arguments, readInput: ReadInput): Promise<Input> {
  const input = new Map(Object.entries(await wholeInput(given.common.get("input"), readInput)));
  const parts = pathParameters(it.path);
  const [extra] = given.positionals.slice(parts.length);
  if (extra !== undefined)
    throw new Failure("invalid", `"${extra.slice(0, 100)}" is one argument too many.`, {
      hint: `Fields are given by flags: \`sluice ${commandName(it)} --help\`.`,
    });
  for (const [i, word] of given.positionals.entries()) input.set(parts[i] ?? "", word);
  const texts = new Map(given.texts);
  for (const [field, path] of given.files)
    texts.set(field, [...(texts.get(field) ?? []), contentOf(field, await readInput(path))]);
  for (const [field, values] of texts) input.set(field.name, readTexts(field, values, "keep"));
  return input;
}

async function wholeInput(source: string | undefined, readInput: ReadInput): Promise<object> {
  if (source === undefined) return {};
  const value = parseJson(source.trimStart().startsWith("{") ? source : await readInput(source));
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new Failure("invalid", "--input must be a JSON object.", {
    hint: 'Give the fields as members of one object, such as {"name": "orders"}.',
  });
}

/** A secret saved by an editor or `echo` ends in a line break that is not part of it; other content stays as it is. */
function contentOf(field: Field, text: string): string {
  return field.secret ? text.replace(/\r?\n$/, "") : text;
}

/** @throws Failure invalid when a part of the path is missing or could not be sent */
export function pathPart(it: Operation, name: string, input: Input): string {
  const value = input.get(name);
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  // URL parsing removes dot segments even when they are escaped.
  if (text !== "" && text !== "." && text !== "..") return encodeURIComponent(text);
  throw new Failure(
    "invalid",
    value === undefined ? `"${name}" is required.` : `"${name}" cannot be ${JSON.stringify(value)}.`,
    {
      pointer: pointerOf([name]),
      hint: `sluice ${commandName(it)} <${name}>`,
    },
  );
}
