// CPU of the MCP surface against a bare JSON-RPC responder, in child processes of their own, in interleaved rounds. The
// surface checks a real API key, notes its use and counts its calls, as in the product; the bare responder knows no keys.
// Run: node bench/mcp.ts. CPU microseconds for each request are what counts; the machine's load moves requests a second.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { loadavg } from "node:os";
import autocannon from "autocannon";
import { z } from "zod";
import { defaultLimits } from "../src/engines/inbound/inbound.ts";
import { listen } from "../src/engines/inbound/node-http.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { createApiKey } from "../src/planes/account/operations/create-api-key.ts";
import { callRate, rateLimited } from "../src/registry/call-rate.ts";
import { invoke } from "../src/registry/invoke.ts";
import { read, type Operation } from "../src/registry/operation.ts";
import { mcpRoutes } from "../src/surfaces/mcp/mcp-routes.ts";
import { authenticatorOf, callerOf, openWorld, principalOf } from "../test/world.ts";

const rounds = 40;
const requestsInRound = 2_000;
/** Rounds before the first that counts, in which both are compiled. */
const warmUps = 3;
const connections = 8;
const toolCount = 20;
/** Calls are counted, and none is one too many. */
const callsPerMinute = 1_000_000_000;

const Input = z.object({
  a: z.int().min(0).max(1_000_000),
  b: z.int().min(0).max(1_000_000),
  note: z.string().max(200).optional(),
});
const Output = z.object({ sum: z.int() });

const revision = "2026-07-28";
const envelope = {
  "io.modelcontextprotocol/protocolVersion": revision,
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

const add = { name: "tool_7", arguments: { a: 2, b: 40 } };

type Case = {
  readonly method: string;
  readonly modern: boolean;
  readonly params: object;
  /** Query that the bare responder is asked with. */
  readonly bare?: string;
};

const listing = { method: "tools/list", modern: false, params: {} };
const modernListing = { method: "tools/list", modern: true, params: { _meta: envelope } };

const cases: Readonly<Record<string, Case>> = {
  "tools/call legacy": { method: "tools/call", modern: false, params: add },
  "tools/call modern": { method: "tools/call", modern: true, params: { ...add, _meta: envelope } },
  "tools/list legacy": listing,
  "tools/list modern": modernListing,
  "tools/list legacy, bare list spliced too": { ...listing, bare: "?spliced" },
  "tools/list modern, bare list spliced too": { ...modernListing, bare: "?spliced" },
};

function tools(): readonly Operation[] {
  return Array.from({ length: toolCount }, (_, i) =>
    read({
      name: `tool_${i}`,
      title: `Tool ${i}`,
      does: "Adds two numbers. A note may go with them.",
      verb: "GET",
      path: `/tool-${i}`,
      scope: "sums:read",
      input: Input,
      output: Output,
      run: async ({ a, b }) => ({ sum: a + b }),
    }),
  );
}

type Served = { readonly url: string; readonly key: string; close(): Promise<void> };

/** Real engines over files, and the way in that the product has. */
async function serveProduct(): Promise<Served> {
  const world = await openWorld();
  const engines = { ...world.engines, clock: wallClock };
  const owner = callerOf(principalOf(await world.newWorkspace(), "all"));
  const { secret } = await invoke(createApiKey, { name: "bench" }, owner, engines);
  const rate = callRate(callsPerMinute, engines);
  const routes = mcpRoutes({
    operations: tools(),
    documents: [],
    prompts: [],
    toolsets: { names: ["webhooks"], of: () => "webhooks", everyView: new Set() },
    engines,
    authenticate: rateLimited(await authenticatorOf(engines), rate, engines),
    enabled: true,
    serverInfo: { name: "sluice", title: "Sluice", version: "0.0.0" },
  });
  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes,
    app: null,
    limits: defaultLimits,
    clock: wallClock,
    log: engines.log,
  });
  return {
    url: `${inbound.url}/api/mcp`,
    key: String(secret),
    async close() {
      await inbound.close(0);
      await world.close();
    },
  };
}

/**
 * What any server must do at the least: read, JSON.parse, check, do it, JSON.stringify. The list is ready-made, as an
 * object; at `?spliced` as text, the least that can be done.
 */
async function serveBare(): Promise<Omit<Served, "close">> {
  const Request = z.object({
    jsonrpc: z.literal("2.0"),
    id: z.union([z.string(), z.int()]),
    method: z.string(),
    params: z.looseObject({ name: z.string().optional(), arguments: Input.optional() }),
  });
  const list = await renderedList();
  const listText = JSON.stringify(list);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { id, method, params } = Request.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const { a, b } = params.arguments ?? { a: 0, b: 0 };
      const result = { content: [{ type: "text", text: String(a + b) }], structuredContent: { sum: a + b } };
      const body =
        method === "tools/list" && request.url?.endsWith("spliced") === true
          ? `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${listText}}`
          : JSON.stringify({ jsonrpc: "2.0", id, result: method === "tools/list" ? list : result });
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
      });
      response.end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/mcp`, key: "" };
}

async function renderedList(): Promise<object> {
  const { url, key, close } = await serveProduct();
  const response = await fetch(url, requestOf(listing, key));
  const { result } = (await response.json()) as { result: object };
  await close();
  return result;
}

function requestOf(
  { method, modern, params }: Case,
  key: string,
): {
  method: "POST";
  headers: Record<string, string>;
  body: string;
} {
  return {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(modern && { "mcp-protocol-version": revision, "mcp-method": method }),
      ...(modern && method === "tools/call" && { "mcp-name": add.name }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  };
}

type Server = { readonly child: ChildProcess; readonly url: string; readonly key: string };

async function start(kind: "product" | "bare"): Promise<Server> {
  const child = fork(import.meta.filename, [kind]);
  const [served] = (await once(child, "message")) as [Pick<Server, "url" | "key">];
  return { child, ...served };
}

async function cpuOf({ child }: Server): Promise<number> {
  child.send("cpu");
  const [micros] = (await once(child, "message")) as [number];
  return micros;
}

/** CPU microseconds that the server's process took for each request. */
async function round(server: Server, it: Case): Promise<number> {
  const before = await cpuOf(server);
  const result = await autocannon({
    url: server.url,
    connections,
    amount: requestsInRound,
    // It is looked only so often, in milliseconds, whether the round is over.
    sampleInt: 20,
    ...requestOf(it, server.key),
  });
  const after = await cpuOf(server);
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx} answers were not 2xx`);
  return (after - before) / requestsInRound;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function compare(): Promise<void> {
  console.log(
    `${toolCount} tools, ${connections} connections, ${rounds} rounds of ${requestsInRound} (node ${process.version}, load average ${loadavg()[0]?.toFixed(1)} at the start)`,
  );
  const [product, bare] = await Promise.all([start("product"), start("bare")]);
  for (const [name, it] of Object.entries(cases)) {
    const pairs: { own: number; base: number }[] = [];
    for (let i = 0; i < warmUps + rounds; i++) {
      const own = await round(product, it);
      const base = await round({ ...bare, url: bare.url + (it.bare ?? "") }, it);
      if (i >= warmUps) pairs.push({ own, base });
    }
    const ratios = pairs.map(({ own, base }) => own / base).toSorted((a, b) => a - b);
    const at = (share: number): string =>
      (ratios[Math.floor(share * (ratios.length - 1))] ?? Number.NaN).toFixed(2);
    console.log(
      `${name}: ${median(pairs.map(({ own }) => own)).toFixed(0)} us, bare ${median(pairs.map(({ base }) => base)).toFixed(0)} us, ${at(0.5)}x (half of the rounds ${at(0.25)} to ${at(0.75)})`,
    );
  }
  product.child.kill();
  bare.child.kill();
}

const kind = process.argv[2];
if (kind === undefined) await compare();
else {
  process.on("disconnect", () => process.exit());
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  const { url, key } = kind === "product" ? await serveProduct() : await serveBare();
  process.send?.({ url, key });
}
