import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { may } from "../../kernel/principal.ts";
import { quoted } from "../../kernel/quoted.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Caller } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import { parseInput } from "../../registry/parse.ts";
import type { CallRead, Prompt } from "../../registry/plane.ts";
import { parseParams, RpcError, rpcCode, type Params } from "./json-rpc.ts";
import { nearNames } from "../../registry/near.ts";
import { readInOneWorkspace } from "./one-workspace.ts";
import { argumentsOf } from "./tool-schema.ts";

export type Prompts = {
  readonly list: (caller: Caller) => { readonly prompts: readonly object[] };
  readonly get: (params: Params | undefined, caller: Caller) => Promise<object>;
};

const GetParams = z.object({ name: z.string(), arguments: z.unknown().optional() });
const Texts = z.record(z.string(), z.string());

/** One MCP prompt for each prompt given, rendered as a single message of the user. */
export function promptsOf(
  prompts: readonly Prompt[],
  operations: ReadonlyMap<string, Operation>,
  engines: Engines,
): Prompts {
  const strict = new Map(
    prompts.map((it) => [it.name, { prompt: it, shape: z.strictObject(it.arguments.shape) }]),
  );
  const described = prompts.map((prompt) => ({ prompt, entry: describe(prompt) }));

  return {
    list: ({ principal }) => ({
      prompts: described.filter(({ prompt }) => may(principal, prompt.scope)).map(({ entry }) => entry),
    }),
    get: async (params, caller) => {
      const { name, arguments: given = {} } = parseParams(GetParams, params);
      const found = strict.get(name);
      if (found === undefined) throw unknownPrompt(name, [...strict.keys()]);
      const { prompt, shape } = found;
      if (!may(caller.principal, prompt.scope))
        throw new Failure("forbidden", `The prompt ${name} needs the scope ${prompt.scope}.`);
      const input = Texts.parse(defined(parseInput(shape, given)));
      const text = await prompt.render(input, reader(operations, caller, engines));
      return { description: prompt.does, messages: [{ role: "user", content: { type: "text", text } }] };
    },
  };
}

function describe({ name, title, does, arguments: shape }: Prompt): object {
  return { name, title, description: does, arguments: argumentsOf(shape) };
}

function reader(operations: ReadonlyMap<string, Operation>, caller: Caller, engines: Engines): CallRead {
  return (name, input) => {
    const it = operations.get(name);
    if (it?.effect !== "read") throw new Error(`a prompt called ${name}, which is no read operation`);
    return readInOneWorkspace(it, input, caller, engines);
  };
}

function defined(input: Params): Params {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
}

function unknownPrompt(name: string, names: readonly string[]): RpcError {
  return new RpcError(rpcCode.invalidParams, `There is no prompt ${quoted(name)}.`, {
    field: "/params/name",
    near: nearNames(name, names),
    hint: "Call prompts/list for the names.",
  });
}
