import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { may } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Operation } from "../../registry/operation.ts";
import type { Document, Prompt, Suggestions } from "../../registry/plane.ts";
import { parseParams, type Params } from "./json-rpc.ts";
import { readInOneWorkspace } from "./one-workspace.ts";
import type { Viewer } from "./view.ts";

/** The protocol allows no more in one answer. */
const valuesMax = 100;
const pagesMax = 4;

const CompleteParams = z.object({
  ref: z.discriminatedUnion("type", [
    z.object({ type: z.literal("ref/prompt"), name: z.string() }),
    z.object({ type: z.literal("ref/resource"), uri: z.string() }),
  ]),
  argument: z.object({ name: z.string(), value: z.string() }),
});

type Offered = { readonly documents: readonly Document[]; readonly prompts: readonly Prompt[] };

/**
 * `completion/complete`: what may be written for an argument of a prompt or a variable of a resource template, of what the
 * caller may see. Throws at start when a suggestion names an operation that is not there or that does more than read.
 */
export function completionsOf(
  { documents, prompts }: Offered,
  operations: ReadonlyMap<string, Operation>,
  engines: Engines,
): (params: Params | undefined, viewer: Viewer) => Promise<object> {
  const all = [...documents, ...prompts].flatMap(({ suggests = {} }) => Object.values(suggests));
  for (const it of all) if ("operation" in it) readOperation(it.operation, operations);

  async function valuesOf(it: Suggestions | undefined, viewer: Viewer): Promise<readonly string[]> {
    if (it === undefined) return [];
    if ("values" in it) return it.values;
    const rows = await listed(readOperation(it.operation, operations), it.list, viewer, engines);
    return it.members
      .flatMap((member) => rows.map((row) => row[member]))
      .filter((value) => typeof value === "string");
  }

  return async (params, viewer) => {
    const { ref, argument } = parseParams(CompleteParams, params);
    const suggestions =
      ref.type === "ref/prompt"
        ? ofPrompt(prompts, ref.name, argument.name, viewer)
        : ofDocument(documents, ref.uri, argument.name);
    const values = fitting(await valuesOf(suggestions, viewer), argument.value);
    return {
      completion: {
        values: values.slice(0, valuesMax),
        total: values.length,
        hasMore: values.length > valuesMax,
      },
    };
  };
}

function readOperation(name: string, operations: ReadonlyMap<string, Operation>): Operation {
  const it = operations.get(name);
  if (it?.effect === "read") return it;
  throw new Error(`a suggestion names ${name}, which is no read operation`);
}

function ofPrompt(
  prompts: readonly Prompt[],
  name: string,
  argument: string,
  { principal }: Viewer,
): Suggestions | undefined {
  const prompt = prompts.find((it) => it.name === name);
  if (prompt === undefined || !may(principal, prompt.scope))
    throw new Failure("invalid", `There is no prompt ${quoted(name)}.`, { pointer: "/params/ref/name" });
  return prompt.suggests?.[argument] ?? enumOf(prompt, argument);
}

function enumOf({ arguments: shape }: Prompt, argument: string): Suggestions | undefined {
  const { properties = {} } = z.toJSONSchema(shape, { io: "input" });
  const property = Object.hasOwn(properties, argument) ? properties[argument] : undefined;
  if (typeof property !== "object" || property.enum === undefined) return undefined;
  return { values: property.enum.map(String) };
}

function ofDocument(documents: readonly Document[], uri: string, variable: string): Suggestions | undefined {
  const document = documents.find((it) => it.uri === uri || it.aliases.includes(uri));
  if (document !== undefined) return document.suggests?.[variable];
  throw new Failure("invalid", `There is no resource template ${quoted(uri)}.`, {
    pointer: "/params/ref/uri",
    hint: "Name it as resources/templates/list does.",
  });
}

const Page = z.looseObject({ nextCursor: z.string().nullish() });
const Rows = z.array(z.record(z.string(), z.unknown()));

/** The rows of a list, of its first pages. Who may not see it is suggested nothing. */
async function listed(
  it: Operation,
  list: string,
  viewer: Viewer,
  engines: Engines,
): Promise<z.output<typeof Rows>> {
  const rows: z.output<typeof Rows> = [];
  if (!may(viewer.principal, it.scope)) return rows;
  let cursor: string | null | undefined;
  for (let page = 0; page < pagesMax && cursor !== null; page++) {
    const input = cursor === undefined ? {} : { cursor };
    const output = Page.parse(await readInOneWorkspace(it, input, viewer, engines));
    rows.push(...Rows.parse(output[list]));
    cursor = output.nextCursor ?? null;
  }
  return rows;
}

/** Those that begin with what was typed, then those that contain it. */
function fitting(values: readonly string[], typed: string): readonly string[] {
  const text = typed.toLowerCase();
  const unique = [...new Set(values)];
  const beginning = unique.filter((value) => value.toLowerCase().startsWith(text));
  const containing = unique.filter(
    (value) => value.toLowerCase().includes(text) && !beginning.includes(value),
  );
  return [...beginning, ...containing];
}
