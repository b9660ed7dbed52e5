import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { may } from "../../kernel/principal.ts";
import type { Engines } from "../../registry/engines.ts";
import type { Conversation } from "./conversation.ts";
import { conversationOf } from "./conversing.ts";
import type { ExtraPrompt, ExtraResource, Extras, ExtraTool } from "./extra.ts";
import { brokenResult, expected, failedResult } from "./failure-reply.ts";
import { parseParams, RpcError, type Params } from "./json-rpc.ts";
import { disagreeing, paramHeadersOf } from "./param-headers.ts";
import { InputNeeded } from "./rounds.ts";
import type { Viewer } from "./view.ts";

export type ExtraList = "tools/list" | "resources/list" | "prompts/list";

export type ExtraMethods = {
  /** What is added to each list. */
  listed(list: ExtraList, viewer: Viewer): readonly object[];
  /** undefined when the request is for none of them. */
  find(method: string, params: Params | undefined): CarryOut | undefined;
  /** Says which `Mcp-Param-` header of a tool does not repeat its argument. */
  wrongHeader(params: Params | undefined, header: (name: string) => string | undefined): RpcError | undefined;
};

const Arguments = z.object({ arguments: z.record(z.string(), z.unknown()).default({}) });

type CarryOut = (params: Params | undefined, viewer: Viewer) => Promise<object>;

/** What a request does: answers its result, or ends with questions. */
type Doing = (args: Params, conversation: Conversation, viewer: Viewer) => Promise<object>;

export function extraMethodsOf({ scope, ...extras }: Extras, engines: Engines): ExtraMethods {
  const headers = new Map(extras.tools.map((it) => [it.name, paramHeadersOf(it.inputSchema)]));
  const doings = new Map<string, Doing>([
    ...extras.tools.map((it) => [`tools/call ${it.name}`, calling(it, engines)] as const),
    ...extras.resources.map((it) => [`resources/read ${it.uri}`, reading(it)] as const),
    ...extras.prompts.map((it) => [`prompts/get ${it.name}`, prompting(it)] as const),
  ]);
  const lists: Readonly<Record<ExtraList, readonly object[]>> = {
    "tools/list": extras.tools.map(describedTool),
    "resources/list": extras.resources.map(describedResource),
    "prompts/list": extras.prompts.map(describedPrompt),
  };

  function carryOut(method: string, doing: Doing): CarryOut {
    return async (params = {}, viewer) => {
      if (!may(viewer.principal, scope))
        throw new Failure("forbidden", `This needs the scope ${scope}.`, { scope });
      const { arguments: args } = parseParams(Arguments, params);
      try {
        return await doing(args, await conversationOf(method, params, viewer, engines), viewer);
      } catch (error) {
        if (error instanceof InputNeeded) return error.result;
        throw error;
      }
    };
  }

  return {
    listed: (list, { principal, readOnly }) => {
      if (!may(principal, scope)) return [];
      if (list !== "tools/list" || !readOnly) return lists[list];
      return lists[list].filter((_, place) => extras.tools[place]?.reads);
    },
    find(method, params = {}) {
      const doing = doings.get(`${method} ${String(params["name"] ?? params["uri"])}`);
      return doing && carryOut(method, doing);
    },
    wrongHeader(params, header) {
      const declared = headers.get(String(params?.["name"]));
      if (declared === undefined || declared.size === 0) return undefined;
      return disagreeing(declared, parseParams(Arguments, params).arguments, header);
    },
  };
}

function describedResource({ uri, name, title, description, mimeType }: ExtraResource): object {
  return { uri, name, title, description, mimeType };
}

function describedPrompt({ name, title, description, arguments: args }: ExtraPrompt): object {
  return { name, title, description, arguments: args };
}

function describedTool({ name, title, description, inputSchema, reads }: ExtraTool): object {
  return { name, title, description, inputSchema, annotations: { readOnlyHint: reads } };
}

/** What goes wrong is a result that the model reads, as with operations. */
function calling(tool: ExtraTool, engines: Engines): Doing {
  return async (args, conversation, viewer) => {
    const { requestId, readOnly } = viewer;
    try {
      if (readOnly && !tool.reads)
        throw new Failure("forbidden", `${tool.name} changes something and this connection is read-only.`);
      return await tool.call(args, conversation);
    } catch (error) {
      if (error instanceof RpcError || error instanceof InputNeeded) throw error;
      const failure = expected(error, viewer);
      if (failure !== undefined) return failedResult(failure, requestId);
      engines.log(`mcp ${requestId} ${tool.name} failed: ${String(error)}`);
      return brokenResult(requestId);
    }
  };
}

function reading({ uri, mimeType, read }: ExtraResource): Doing {
  return async () => ({ contents: [{ uri, mimeType, ...(await read()) }] });
}

function prompting({ description, get }: ExtraPrompt): Doing {
  return async (args, conversation) => ({ description, messages: await get(args, conversation) });
}
