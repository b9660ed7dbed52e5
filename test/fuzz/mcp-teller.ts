import assert from "node:assert/strict";
import type { AnswerBody, RawAnswer, RawRequest, StreamedAnswer } from "../../src/engines/inbound/inbound.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import { planes } from "../../src/planes/planes.ts";
import type { Engines } from "../../src/registry/engines.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { mcpRoutes } from "../../src/surfaces/mcp/mcp-routes.ts";

/** A message as one of the addresses of MCP is sent it, in words that a failed property can print. */
export type Posted = {
  readonly at: "/api/mcp" | "/mcp";
  readonly modern: boolean;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** An id, or that of a session of their own. */
  readonly session: string | null;
  /** What the connection is narrowed to. */
  readonly workspace: string | null;
};

/** What is asked of a session itself. */
export type OfSession = { readonly verb: "GET" | "DELETE"; readonly session: string };

export const ownSession = "own";

/** Somebody's way over MCP. */
export type McpTeller = {
  /** Status and body; of a stream what it begins with. */
  tell(asked: Posted | OfSession): Promise<string>;
  readonly session: string;
};

const revision = "2026-07-28";
const operations = planes.flatMap((plane): readonly Operation[] => plane.operations);
const toolsets = { names: planes.map(({ name }) => name), of: () => undefined, everyView: new Set<string>() };

/** The routes of the product, without a socket in between. Begins a session. */
export async function mcpTeller(principal: Principal, engines: Engines): Promise<McpTeller> {
  const routes = mcpRoutes({
    operations,
    documents: planes.flatMap((plane) => plane.documents),
    prompts: planes.flatMap((plane) => plane.prompts),
    toolsets,
    engines,
    authenticate: async () => principal,
    enabled: true,
    serverInfo: { name: "sluice", title: "Sluice", version: "0.0.0" },
  });

  async function answered(method: string, at: Posted["at"], sent: Sent): Promise<RawAnswer | StreamedAnswer> {
    const route = routes.find(({ prefix }) => prefix === at);
    assert.ok(route);
    return route.handle(rawRequest(method, at, sent));
  }

  const hello = {
    protocolVersion: "2025-11-25",
    capabilities: {},
    clientInfo: { name: "fuzz", version: "1" },
  };
  const begun = await answered("POST", "/mcp", {
    headers: {},
    body: { jsonrpc: "2.0", id: 1, method: "initialize", params: hello },
  });
  const session = begun.headers["mcp-session-id"];
  assert.ok(typeof session === "string");

  return {
    session,
    async tell(asked) {
      const named = asked.session === ownSession ? session : asked.session;
      const sessionHeader: Record<string, string> = named === null ? {} : { "mcp-session-id": named };
      if ("verb" in asked)
        return textOf(await answered(asked.verb, "/mcp", { headers: sessionHeader, body: null }));
      const { at, modern, method, params, workspace } = asked;
      const headers = {
        ...sessionHeader,
        ...(workspace !== null && { "x-mcp-workspace": workspace }),
        ...(modern && modernHeaders(method, params)),
      };
      const body = {
        jsonrpc: "2.0",
        id: 1,
        method,
        params: modern ? { ...params, _meta: envelope } : params,
      };
      return textOf(await answered("POST", at, { headers, body }));
    },
  };
}

const envelope = {
  "io.modelcontextprotocol/protocolVersion": revision,
  "io.modelcontextprotocol/clientCapabilities": {},
};

function modernHeaders(method: string, params: Posted["params"]): Record<string, string> {
  const name = params["name"] ?? params["uri"];
  const isNamed =
    ["tools/call", "resources/read", "prompts/get"].includes(method) && typeof name === "string";
  return {
    "mcp-protocol-version": revision,
    "mcp-method": method,
    ...(isNamed && { "mcp-name": /^[\x21-\x7e]*$/.test(name) ? name : encoded(name) }),
  };
}

function encoded(name: string): string {
  return `=?base64?${Buffer.from(name).toString("base64")}?=`;
}

type Sent = { readonly headers: Readonly<Record<string, string>>; readonly body: object | null };

function rawRequest(method: string, at: string, { headers, body }: Sent): RawRequest {
  const bytes = Buffer.from(body === null ? "" : JSON.stringify(body));
  const all = { accept: "application/json, text/event-stream", host: "sluice.example", ...headers };
  return {
    method,
    target: `${at}?toolsets=all`,
    headers: Object.entries(all),
    header: (name) => new Map(Object.entries(all)).get(name),
    remoteAddress: "203.0.113.9",
    signal: new AbortController().signal,
    receivedAt: 0,
    body: async (max) => (bytes.length > max ? { kind: "too_large" } : { kind: "whole", bytes }),
  };
}

function textOf(answer: RawAnswer | StreamedAnswer): string {
  return `${answer.status} ${"body" in answer ? bodyText(answer.body) : beginningOf(answer)}`;
}

function bodyText(body: AnswerBody): string {
  const pieces = typeof body === "string" || body instanceof Uint8Array ? [body] : body;
  return pieces.map((piece) => (typeof piece === "string" ? piece : Buffer.from(piece).toString())).join("");
}

/** What is written at once; then its reader leaves. */
function beginningOf(answer: StreamedAnswer): string {
  const over = new AbortController();
  const written: string[] = [];
  answer.open({ write: (text) => written.push(text) > 0, end: () => over.abort(), over: over.signal });
  over.abort();
  return written.join("");
}
