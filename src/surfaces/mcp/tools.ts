import { z } from "zod";
import { quoted } from "../../kernel/quoted.ts";
import type { Engines } from "../../registry/engines.ts";
import { invoke, type Caller } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import { brokenResult, expected, failedResult } from "./failure-reply.ts";
import { parseParams, RpcError, rpcCode, type Params } from "./json-rpc.ts";
import { nearNames } from "../../registry/near.ts";
import { inputSchemaOf, outputSchemaOf } from "./tool-schema.ts";
import { shows } from "./view.ts";

export type Tools = {
  readonly list: (caller: Caller) => object;
  readonly call: (params: Params | undefined, caller: Caller) => Promise<object>;
};

const idempotencyMember = "sluice/idempotencyKey";

const CallParams = z.object({
  name: z.string(),
  /** Checked by `invoke`, which answers problems as a result that the model can act on. */
  arguments: z.unknown().optional(),
  _meta: z.looseObject({ [idempotencyMember]: z.string().optional() }).optional(),
});

/** One tool for each operation that reaches everywhere, in the order given. */
export function toolsOf(operations: readonly Operation[], engines: Engines): Tools {
  const listed = operations.filter(({ reach }) => reach === "everywhere");
  const byName = new Map(listed.map((it) => [it.name, it]));
  const described = listed.map((it) => ({ it, tool: describe(it) }));
  const forPeople = new Set(operations.filter(({ reach }) => reach === "people").map(({ name }) => name));

  return {
    list: (caller) => ({
      tools: described.filter(({ it }) => shows(it, caller)).map(({ tool }) => tool),
    }),
    call: async (params, caller) => {
      const { name, arguments: input = {}, _meta } = parseParams(CallParams, params);
      const it = byName.get(name);
      if (it === undefined) throw unknownTool(name, forPeople, [...byName.values()], caller);
      const idempotencyKey = _meta?.[idempotencyMember];
      const sender = idempotencyKey === undefined ? caller : { ...caller, idempotencyKey };
      try {
        const output = await invoke(it, input, sender, engines);
        return { content: [{ type: "text", text: JSON.stringify(output) }], structuredContent: output };
      } catch (error) {
        const failure = expected(error, caller);
        if (failure !== undefined) return failedResult(failure, caller.requestId);
        engines.log(`mcp ${caller.requestId} ${it.name} failed: ${String(stackOf(error))}`);
        return brokenResult(caller.requestId);
      }
    },
  };
}

function describe(it: Operation): object {
  const reads = it.effect === "read";
  return {
    name: it.name,
    title: it.title,
    description: it.does,
    inputSchema: inputSchemaOf(it),
    outputSchema: outputSchemaOf(it),
    annotations: {
      readOnlyHint: reads,
      destructiveHint: !reads && it.destructive,
      idempotentHint: reads,
      openWorldHint: it.effect === "act",
    },
  };
}

function unknownTool(
  name: string,
  forPeople: ReadonlySet<string>,
  tools: readonly Operation[],
  caller: Caller,
): RpcError {
  const names = tools.filter((it) => shows(it, caller)).map((it) => it.name);
  if (forPeople.has(name))
    return new RpcError(rpcCode.invalidParams, `${name} is for people, since secrets pass through it.`, {
      field: "/params/name",
      hint: "Ask a person to do it over REST or the command line.",
    });
  const near = nearNames(name, names);
  return new RpcError(rpcCode.invalidParams, `There is no tool ${quoted(name)}.`, {
    field: "/params/name",
    near,
    hint: near.length > 0 ? `Did you mean ${near.join(" or ")}?` : "Call tools/list for the names.",
  });
}

function stackOf(error: unknown): unknown {
  return error instanceof Error ? error.stack : error;
}
