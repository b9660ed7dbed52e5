import type { Engines } from "../../registry/engines.ts";
import type { Operation } from "../../registry/operation.ts";
import type { Document, Prompt } from "../../registry/plane.ts";
import { expected, rpcErrorOf, ScopeNeeded, scopeNeeded } from "./failure-reply.ts";
import { completionsOf } from "./completions.ts";
import type { Extras } from "./extra.ts";
import { extraMethodsOf, type ExtraList, type ExtraMethods } from "./extra-methods.ts";
import { RpcError, rpcCode, type Params, type RpcMessage } from "./json-rpc.ts";
import { promptsOf } from "./prompts.ts";
import { resourcesOf } from "./resources.ts";
import { toolsOf } from "./tools.ts";
import type { Toolsets, Viewer } from "./view.ts";

/** What is served over MCP. */
export type Offer = {
  readonly operations: readonly Operation[];
  readonly documents: readonly Document[];
  readonly prompts: readonly Prompt[];
  readonly toolsets: Toolsets;
  readonly extra?: Extras;
};

/** The methods that every revision of the protocol shares, without what each wraps around their results. */
export type Methods = {
  has(method: string): boolean;
  /** Whether the result depends on what the caller is shown alone, so that it can be kept. Lists are not paged. */
  isList(method: string, params: Params | undefined): boolean;
  /** Whether it can ask its client and tell it more than its answer. */
  converses(message: RpcMessage): boolean;
  /** Says which header that an extra tool declares does not repeat its argument. */
  wrongHeader: ExtraMethods["wrongHeader"];
  /** What may change the document at an address; undefined when it cannot be followed. */
  follows(uri: string): Document["follows"];
  /** @throws RpcError; ScopeNeeded for a client that can be granted more; and nothing else */
  answer(method: string, params: Params | undefined, viewer: Viewer): Promise<object>;
};

const uriShownMax = 1_000;

type Method = (params: Params | undefined, viewer: Viewer) => object | Promise<object>;

export function methodsOf(
  { operations, documents, prompts, toolsets, extra }: Offer,
  engines: Engines,
): Methods {
  const byName = new Map(operations.map((it) => [it.name, it]));
  const tool = toolsOf(operations, toolsets, engines);
  const resource = resourcesOf(documents, byName, engines);
  const prompt = promptsOf(prompts, byName, engines);
  const extras = extra && extraMethodsOf(extra, engines);
  const more = (list: ExtraList, viewer: Viewer): readonly object[] => extras?.listed(list, viewer) ?? [];
  const lists = new Map<string, Method>([
    ["tools/list", onePage((it) => ({ tools: [...tool.list(it).tools, ...more("tools/list", it)] }))],
    [
      "resources/list",
      onePage((it) => ({ resources: [...resource.list(it).resources, ...more("resources/list", it)] })),
    ],
    ["resources/templates/list", onePage(resource.listTemplates)],
    [
      "prompts/list",
      onePage((it) => ({ prompts: [...prompt.list(it).prompts, ...more("prompts/list", it)] })),
    ],
  ]);
  const all = new Map<string, Method>([
    ...lists,
    ["tools/call", tool.call],
    ["resources/read", resource.read],
    ["prompts/get", prompt.get],
    ["completion/complete", completionsOf({ documents, prompts }, byName, engines)],
  ]);

  return {
    has: (method) => all.has(method),
    converses: ({ method, params }) => extras?.find(method, params) !== undefined,
    wrongHeader: (params, header) => extras?.wrongHeader(params, header),
    follows: resource.follows,
    isList: (method, params) => lists.has(method) && params?.["cursor"] === undefined,
    async answer(method, params, caller) {
      const carryOut = extras?.find(method, params) ?? all.get(method);
      if (carryOut === undefined) throw new RpcError(rpcCode.methodNotFound, "Method not found");
      try {
        return await carryOut(params, caller);
      } catch (error) {
        if (error instanceof RpcError || error instanceof ScopeNeeded) throw error;
        const failure = expected(error, caller);
        if (failure !== undefined)
          throw scopeNeeded(failure, caller) ?? rpcErrorOf(failure, caller.requestId, sought(method, params));
        engines.log(`mcp ${caller.requestId} ${method} failed: ${String(error)}`);
        throw new RpcError(rpcCode.internal, "Something went wrong in the server.", {
          code: "internal",
          hint: "It is logged under this request id; tell the server's operator.",
          requestId: caller.requestId,
        });
      }
    },
  };
}

/** Names the document that a client did not get, unless the name is no reasonable one. */
function sought(method: string, params: Params | undefined): object {
  const uri = method === "resources/read" ? params?.["uri"] : undefined;
  return typeof uri === "string" && uri.length <= uriShownMax ? { uri } : {};
}

/** No list issues cursors, so one that comes was made up. */
function onePage(list: (viewer: Viewer) => object): Method {
  return (params, caller) => {
    if (params?.["cursor"] === undefined) return list(caller);
    throw new RpcError(rpcCode.invalidParams, "This cursor was not issued by this list.", {
      field: "/params/cursor",
      hint: "The list has one page: leave cursor out.",
    });
  };
}
