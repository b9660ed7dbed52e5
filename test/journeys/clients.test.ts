import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { z } from "zod";
import { exampleKey, freshFolder, startServer } from "./server-process.ts";

// The running server, driven by clients that know nothing of it, as an agent's host does.

const name = { name: "journey", version: "1.0.0" };
const headers = { authorization: `Bearer ${exampleKey}` };

/** The promised tools, first and in this order. */
const promised = [
  "list_endpoints",
  "create_endpoint",
  "update_endpoint",
  "delete_endpoint",
  "list_logs",
  "get_log_detail",
  "send_test",
  "get_dashboard_summary",
  "get_plan_usage",
];
/** Each promised resource, and the tool whose answer it equals. */
const resources = [
  { path: "endpoints/list", tool: "list_endpoints", input: {} },
  { path: "endpoints/from-a-client", tool: "get_endpoint", input: { endpointId: "from-a-client" } },
  { path: "dashboard/summary", tool: "get_dashboard_summary", input: {} },
  { path: "plan/usage", tool: "get_plan_usage", input: {} },
];
const Structured = z.object({ structuredContent: z.record(z.string(), z.unknown()) });
const Read = z.object({ contents: z.tuple([z.object({ text: z.string() })]) });
const Prompted = z.object({
  messages: z.tuple([z.object({ content: z.object({ type: z.literal("text"), text: z.string() }) })]),
});

/** One protocol request and its result, by whatever carries it. */
type Carry = (method: string, params: Record<string, unknown>) => Promise<unknown>;
type Connected = { readonly carry: Carry; close(): Promise<void> };

async function v2(url: URL, mode: "legacy" | "auto" | { pin: string }): Promise<Connected> {
  const client = new ClientV2(name, { versionNegotiation: { mode } });
  await client.connect(new HttpV2(url, { requestInit: { headers } }));
  return { carry: carriedBy(client), close: () => client.close() };
}

async function v1(url: URL): Promise<Connected> {
  const client = new ClientV1(name);
  await client.connect(new HttpV1(url, { requestInit: { headers } }));
  return { carry: carriedBy(client), close: () => client.close() };
}

type Methods = {
  listTools(): Promise<unknown>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  readResource(params: { uri: string }): Promise<unknown>;
  getPrompt(params: { name: string; arguments: Record<string, string> }): Promise<unknown>;
  listResources(): Promise<unknown>;
  listResourceTemplates(): Promise<unknown>;
  listPrompts(): Promise<unknown>;
};

function carriedBy(client: Methods): Carry {
  const methods: Readonly<Record<string, (params: never) => Promise<unknown>>> = {
    "tools/list": () => client.listTools(),
    "tools/call": (params) => client.callTool(params),
    "resources/list": () => client.listResources(),
    "resources/templates/list": () => client.listResourceTemplates(),
    "resources/read": (params) => client.readResource(params),
    "prompts/list": () => client.listPrompts(),
    "prompts/get": (params) => client.getPrompt(params),
  };
  return async (method, params) => methods[method]?.(params as never);
}

/** As `curl` sends it: no handshake, no protocol headers, any media type. */
async function plain(url: URL): Promise<Connected> {
  let id = 0;
  const carry: Carry = async (method, params) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params });
    const response = await fetch(url, { method: "POST", headers: { ...headers, accept: "*/*" }, body });
    assert.equal(response.headers.get("content-type"), "application/json");
    return z.object({ id: z.literal(id), result: z.unknown() }).parse(await response.json()).result;
  };
  return { carry, close: async () => {} };
}

const clients: Readonly<Record<string, (url: URL) => Promise<Connected>>> = {
  "client 2.x, older revisions": (url) => v2(url, "legacy"),
  "client 2.x, of its own choice": (url) => v2(url, "auto"),
  "client 2.x, 2026-07-28": (url) => v2(url, { pin: "2026-07-28" }),
  "sdk 1.x": v1,
  "plain JSON-RPC": plain,
};

describe("unmodified clients against the running server", () => {
  for (const [title, connect] of Object.entries(clients))
    test(`${title}: lists, calls, reads and prompts`, async (t) => {
      const server = await startServer(t, { folder: await freshFolder(t) });
      const { carry, close } = await connect(new URL("/api/mcp", server.url));

      const { tools } = z
        .object({ tools: z.array(z.object({ name: z.string() })) })
        .parse(await carry("tools/list", {}));
      assert.deepEqual(
        tools.slice(0, promised.length).map((tool) => tool.name),
        promised,
      );

      const call = async (tool: string, input: object) =>
        Structured.parse(await carry("tools/call", { name: tool, arguments: input })).structuredContent;
      const made = await call("create_endpoint", { name: "From a client", targetUrl: server.echoUrl });
      assert.equal(made["slug"], "from-a-client");
      const sent = await call("send_test", { endpointId: "from-a-client" });
      assert.equal(sent["state"], "delivered");

      for (const { path, tool, input } of resources)
        for (const scheme of ["sluice", "mitte"]) {
          const uri = `${scheme}://${path}`;
          const { contents } = Read.parse(await carry("resources/read", { uri }));
          assert.deepEqual(timeless(JSON.parse(contents[0].text)), timeless(await call(tool, input)), uri);
        }
      assert.match(JSON.stringify(await carry("resources/list", {})), /sluice:\/\/plan\/usage/);
      assert.match(
        JSON.stringify(await carry("resources/templates/list", {})),
        /sluice:\/\/endpoints\/\{slug\}/,
      );

      assert.match(JSON.stringify(await carry("prompts/list", {})), /debug_endpoint.*setup_webhook/);
      const setup = await carry("prompts/get", { name: "setup_webhook", arguments: { provider: "Stripe" } });
      assert.match(Prompted.parse(setup).messages[0].content.text, /whsec_/);
      const debug = await carry("prompts/get", {
        name: "debug_endpoint",
        arguments: { endpointSlug: "from-a-client" },
      });
      assert.match(Prompted.parse(debug).messages[0].content.text, /No delivery has failed/);
      await close();
    });
});

/** Without the moment of asking, which moves between two answers. */
function timeless(value: unknown): unknown {
  const { from: _from, to: _to, ...rest } = z.record(z.string(), z.unknown()).parse(value);
  return rest;
}
