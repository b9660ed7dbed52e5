import { createMcpHandler, Server, SERVER_INFO_META_KEY } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { RawAnswer } from "../../engines/inbound/inbound.ts";
import { instructions, type ServerInfo } from "./about.ts";
import { agrees } from "./agreement.ts";
import { ScopeNeeded } from "./failure-reply.ts";
import type { Era, Heard, ProtocolHeaders, Self } from "./era.ts";
import {
  errorAnswer,
  plainAnswer,
  resultAnswer,
  RpcError,
  rpcCode,
  type RpcMessage,
  type RpcRequest,
} from "./json-rpc.ts";
import type { BoundedMap } from "./bounded-map.ts";
import type { Methods } from "./methods.ts";

/** Lists change with the server's version alone, so that a client may keep them for a while. */
const listFreshMs = 300_000;
/** What a list holds depends on who asks; what `server/discover` says does not. */
const listCaching = { ttlMs: listFreshMs, cacheScope: "private" } as const;
const discoverCaching = { ttlMs: listFreshMs, cacheScope: "public" } as const;

/**
 * Revision 2026-07-28. A request whose headers say just what its body says is answered here, since the way through the
 * SDK takes three times as long. Everything else is the SDK's: contradicting, missing or encoded headers, unknown
 * methods and versions, notifications, `server/discover`, and a list until it is kept.
 */
export function modernEra(methods: Methods, lists: BoundedMap<Buffer>, self: Self): Era {
  const { serverInfo } = self;
  const askSdk = sdkFor(methods, self);

  async function listed(request: RpcRequest, heard: Heard): Promise<RawAnswer> {
    const key = `modern ${request.method} ${heard.view}`;
    const kept = lists.get(key);
    if (kept !== undefined) return resultAnswer(request.id, kept);
    const rendered = await askSdk({ message: request, heard });
    const answered = Answered.safeParse(JSON.parse(rendered.body));
    if (answered.success) lists.keep(key, Buffer.from(JSON.stringify(answered.data.result)));
    return rendered;
  }

  async function called({ id, method, params }: RpcRequest, { caller }: Heard): Promise<RawAnswer> {
    try {
      const result = await methods.answer(method, params, caller);
      return resultAnswer(id, JSON.stringify({ ...wrapping(method, serverInfo), ...result }));
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      const { code, message, data } = error;
      const renamed = code === rpcCode.resourceNotFound ? rpcCode.invalidParams : code;
      const status = code === rpcCode.missingCapability ? 400 : 200;
      return errorAnswer(status, id, new RpcError(renamed, message, data));
    }
  }

  return {
    async answer(message, heard) {
      const { id, method, params } = message;
      // The SDK would open an event stream for it.
      if (method === "subscriptions/listen") return errorAnswer(404, id ?? null, nothingChanges);
      const wrong = method === "tools/call" ? methods.wrongHeader(params, heard.headers.other) : undefined;
      if (wrong !== undefined) return errorAnswer(400, id ?? null, wrong);
      if (id === undefined || !agrees(message, heard.headers)) return askSdk({ message, heard });
      const request = { ...message, id };
      if (method === "server/discover" || methods.isList(method, params)) return listed(request, heard);
      return methods.has(method) ? called(request, heard) : askSdk({ message, heard });
    },
  };
}

const nothingChanges = new RpcError(
  rpcCode.methodNotFound,
  "Nothing here changes: there are no subscriptions.",
);

const Answered = z.object({ result: z.record(z.string(), z.json()) });

type Asked = { readonly message: RpcMessage; readonly heard: Heard };
type TextAnswer = RawAnswer & { readonly body: string };

function sdkFor(
  methods: Methods,
  { serverInfo, capabilities, log }: Self,
): (asked: Asked) => Promise<TextAnswer> {
  const waiting = new WeakMap<Request, Asked>();
  // The SDK makes an error of the protocol of whatever a handler throws.
  const refused = new WeakMap<Asked, ScopeNeeded>();
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const cacheHints = { "server/discover": discoverCaching };
      const server = new Server(serverInfo, { capabilities, instructions, cacheHints });
      const asked = requestInfo && waiting.get(requestInfo);
      // A method without a handler is refused by the SDK with the status that the revision wants.
      if (asked !== undefined && methods.has(asked.message.method))
        server.fallbackRequestHandler = () =>
          resultFor(methods, asked).catch((error: unknown) => {
            if (error instanceof ScopeNeeded) refused.set(asked, error);
            throw error;
          });
      return server;
    },
    { legacy: "reject", onerror: (error) => reportBug(error, log) },
  );
  return async (asked) => {
    const headers = headersOf(asked.heard.headers);
    const request = new Request("http://sluice/api/mcp", { method: "POST", headers });
    waiting.set(request, asked);
    const response = await handler.fetch(request, { parsedBody: asked.message });
    const text = await response.text();
    const more = refused.get(asked);
    if (more !== undefined) throw more;
    return plainAnswer(response.status, text);
  };
}

async function resultFor(methods: Methods, { message, heard }: Asked): Promise<Record<string, unknown>> {
  const { method, params } = message;
  const result = await methods.answer(method, params, heard.caller);
  return methods.isList(method, params) ? { ...result, ...listCaching } : { ...result };
}

/** What the revision adds to the result of a method that is no list. */
function wrapping(method: string, serverInfo: ServerInfo): object {
  return {
    ...(method === "resources/read" && { ttlMs: 0, cacheScope: "private" }),
    resultType: "complete",
    _meta: { [SERVER_INFO_META_KEY]: serverInfo },
  };
}

function headersOf({ version, method, name }: ProtocolHeaders): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(version !== undefined && { "mcp-protocol-version": version }),
    ...(method !== undefined && { "mcp-method": method }),
    ...(name !== undefined && { "mcp-name": name }),
  };
}

/** The SDK reports here what it refuses too, which is the caller's to know; the rest are bugs. */
function reportBug(error: Error, log: (line: string) => void): void {
  if (!error.message.startsWith("Rejected") && !("code" in error)) log(`mcp: ${error.message}`);
}
