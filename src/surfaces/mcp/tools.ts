import { z } from "zod";
import { quoted } from "../../kernel/quoted.ts";
import { Failure } from "../../kernel/failure.ts";
import type { Engines } from "../../registry/engines.ts";
import { invoke } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import { brokenResult, expected, failedResult, scopeNeeded } from "./failure-reply.ts";
import { parseParams, RpcError, rpcCode, type Params } from "./json-rpc.ts";
import { nearNames } from "../../registry/near.ts";
import { inputSchemaOf, outputSchemaOf } from "./tool-schema.ts";
import { inView, isLeftOut, seesScopes, shows, type Toolsets, type Viewer } from "./view.ts";

export type Tools = {
  readonly list: (viewer: Viewer) => { readonly tools: readonly unknown[] };
  readonly call: (params: Params | undefined, viewer: Viewer) => Promise<object>;
};

const idempotencyMember = "sluice/idempotencyKey";

const CallParams = z.object({
  name: z.string(),
  /** Checked by `invoke`, which answers problems as a result that the model can act on. */
  arguments: z.unknown().optional(),
  _meta: z.looseObject({ [idempotencyMember]: z.string().optional() }).optional(),
});

/** One tool for each operation that reaches everywhere, in the order given. */
export function toolsOf(operations: readonly Operation[], toolsets: Toolsets, engines: Engines): Tools {
  const listed = operations.filter(({ reach }) => reach === "everywhere");
  const byName = new Map(listed.map((it) => [it.name, it]));
  const described = new Map(listed.map((it) => [it, { plain: describe(it), scoped: scoped(it) }]));
  const forPeople = new Set(operations.filter(({ reach }) => reach === "people").map(({ name }) => name));

  return {
    list: (viewer) => {
      const shown = listed.filter((it) => shows(it, viewer));
      const form = seesScopes(viewer) ? "scoped" : "plain";
      return { tools: inView(shown, viewer, toolsets).map((it) => described.get(it)?.[form]) };
    },
    call: async (params, caller) => {
      const { name, arguments: input = {}, _meta } = parseParams(CallParams, params);
      const it = byName.get(name);
      if (it === undefined) throw unknownTool(name, forPeople, [...byName.values()], caller);
      const idempotencyKey = _meta?.[idempotencyMember];
      const sender = idempotencyKey === undefined ? caller : { ...caller, idempotencyKey };
      try {
        if (isLeftOut(it, caller, toolsets)) throw leftOut(it);
        const output = await invoke(it, input, sender, engines);
        return { content: [{ type: "text", text: JSON.stringify(output) }], structuredContent: output };
      } catch (error) {
        const failure = expected(error, caller);
        if (failure !== undefined) {
          const more = scopeNeeded(failure, caller);
          if (more !== undefined) throw more;
          return failedResult(failure, caller.requestId);
        }
        engines.log(`mcp ${caller.requestId} ${it.name} failed: ${String(stackOf(error))}`);
        return brokenResult(caller.requestId);
      }
    },
  };
}

function leftOut({ name }: Operation): Failure {
  return new Failure("forbidden", `${name} is in none of the toolsets that this connection asked for.`, {
    hint: "Connect with another ?toolsets= or X-MCP-Toolsets to use it.",
  });
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
      openWorldHint: it.effect === "act",
    },
  };
}

/** For whoever chooses scopes for a credential: which of them a tool needs. */
function scoped(it: Operation): object {
  return { ...describe(it), _meta: { requiredScope: it.scope } };
}

function unknownTool(
  name: string,
  forPeople: ReadonlySet<string>,
  tools: readonly Operation[],
  caller: Viewer,
): RpcError {
  const names = tools.filter((it) => shows(it, caller)).map((it) => it.name);
  if (forPeople.has(name))
    return new RpcError(rpcCode.invalidParams, `${name} is for people, and not offered over MCP.`, {
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
