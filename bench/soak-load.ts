import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { z } from "zod";

/** No secret: what the endpoints of the soak are signed with. */
const secret = "soak-only-not-a-secret-of-anyone";
const connections = 32;
const slowMs = 2_000;
const bodyBytes = 900;

/** What the senders were told, by what it counts as in the account. */
export type Told = {
  accepted: number;
  duplicate: number;
  rejected: number;
  /** Answered 503: to be sent again, and stored or not. */
  deferred: number;
  /** Calls of operations, over REST and MCP. */
  calls: number;
  /** What was answered otherwise than expected, at most ten. */
  readonly surprises: string[];
};

export type Load = {
  readonly told: Told;
  /** Sends no more; resolves once no actor is at work. */
  stop(): Promise<void>;
  /** Closes the targets and the connections. */
  close(): Promise<void>;
  call(method: string, path: string, body?: object): Promise<Json>;
};

type Json = Record<string, unknown>;
type Sending = { readonly path: string; readonly headers: Record<string, string>; readonly body: string };

/** Steady traffic of every sort until it is stopped; `perSecond` events, of which one in 20 is a repeat and one in 20 a forgery. */
export async function startLoad(url: string, key: string, perSecond: number): Promise<Load> {
  const told: Told = { accepted: 0, duplicate: 0, rejected: 0, deferred: 0, calls: 0, surprises: [] };
  const agent = new Agent({ connections, pipelining: 1 });
  const targets = await openTargets();
  let stopping = false;

  function surprise(text: string): void {
    if (told.surprises.length < 10) told.surprises.push(text);
  }

  async function request(method: string, path: string, headers: Record<string, string>, body?: string) {
    const answer = await agent.request({ origin: url, path, method, headers, body: body ?? null });
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  async function call(method: string, path: string, body?: object): Promise<Json> {
    told.calls++;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await request(method, `/api/v1${path}`, headers, body && JSON.stringify(body));
    if (answer.status !== 200) surprise(`${method} ${path}: ${answer.status} ${answer.text}`);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(answer.text));
  }

  async function tool(name: string, input: object): Promise<void> {
    told.calls++;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const params = { name, arguments: input };
    const rpc = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    const { status, text } = await request("POST", "/api/mcp", headers, JSON.stringify(rpc));
    if (status !== 200 || text.includes('"isError":true')) surprise(`${name}: ${status} ${text}`);
  }

  async function send({ path, headers, body }: Sending, expected: number): Promise<void> {
    const { status, text } = await request("POST", path, headers, body);
    if (status === 503) {
      told.deferred++;
      return;
    }
    if (status !== expected) surprise(`a webhook was answered ${status}: ${text}`);
    if (status === 401) told.rejected++;
    else if (status === 200 && text.includes('"duplicate":true')) told.duplicate++;
    else if (status === 200) told.accepted++;
  }

  /** Again and again, `everyMs` apart or as soon as the one before is done; what goes wrong is told and it goes on. */
  async function repeat(everyMs: number, act: (n: number) => Promise<unknown>): Promise<void> {
    for (let n = 0; !stopping; n++) {
      const next = performance.now() + everyMs;
      await act(n).catch((error: unknown) => surprise(String(error)));
      await sleep(Math.max(0, next - performance.now()));
    }
  }

  const paths = await makeEndpoints(call, targets.url);
  const actors = [
    ...senders(paths, perSecond).map(({ everyMs, next }) =>
      repeat(everyMs, async (n) => {
        const { sending, expected } = next(n);
        await send(sending, expected);
      }),
    ),
    ...managers(call, tool).map(({ everyMs, act }) => repeat(everyMs, act)),
    repeat(5_000, (n) => churn(n, call, (sending) => send(sending, 200), targets.url)),
  ];
  return {
    told,
    call,
    async stop() {
      stopping = true;
      await Promise.all(actors);
    },
    async close() {
      await agent.close();
      targets.server.closeAllConnections();
      targets.server.close();
    },
  };
}

/** `/ok` answers at once, `/failing` with 500, `/slow` after two seconds. */
async function openTargets(): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer((request, response) => {
    request.resume();
    const answer = () => response.writeHead(request.url === "/failing" ? 500 : 200).end("seen");
    request.on("end", () => (request.url === "/slow" ? setTimeout(answer, slowMs) : answer()));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

type Call = Load["call"];
type Paths = {
  readonly signed: readonly string[];
  readonly slow: string;
  readonly failing: string;
  readonly plain: string;
};

async function makeEndpoints(call: Call, target: string): Promise<Paths> {
  const make = async (name: string, to: string, settings: object = {}): Promise<string> => {
    const made = await call("POST", "/endpoints", { name, targetUrl: `${target}${to}`, ...settings });
    return new URL(String(made["ingestUrl"])).pathname;
  };
  const signed: string[] = [];
  for (let n = 0; n < 5; n++) {
    signed.push(await make(`signed ${n}`, "/ok", { provider: "github" }));
    await call("PUT", `/endpoints/signed-${n}/secret`, { secret });
  }
  await call("PATCH", "/workspace", { plan: { eventsPerMonth: 1_000_000_000 } });
  return {
    signed,
    slow: await make("slow", "/slow"),
    // Its second attempt comes 5 seconds later and is its last.
    failing: await make("failing", "/failing", { maxAttempts: 2 }),
    plain: await make("plain", "/ok"),
  };
}

type Sender = {
  readonly everyMs: number;
  readonly next: (n: number) => { readonly sending: Sending; readonly expected: number };
};

/** Eight in ten events go to the signed endpoints, one to the failing one, one to the plain one, and one a second to the slow one. */
function senders({ signed, slow, failing, plain }: Paths, perSecond: number): readonly Sender[] {
  const to = (path: string): Sender["next"] => {
    return (n) => ({ sending: { path, headers: {}, body: bodyOf(`${n}`) }, expected: 200 });
  };
  return [
    ...signed.map((path) => ({ everyMs: 1_000 / (perSecond * 0.16), next: signedTo(path) })),
    { everyMs: 1_000 / (perSecond * 0.1), next: to(failing) },
    { everyMs: 1_000 / (perSecond * 0.1), next: to(plain) },
    { everyMs: 1_000, next: to(slow) },
  ];
}

/** Every 20th is the one before it again, and every 20th is signed with another secret. */
function signedTo(path: string): Sender["next"] {
  let last: Sending | undefined;
  return (n) => {
    if (n % 20 === 7 && last !== undefined) return { sending: last, expected: 200 };
    const forged = n % 20 === 14;
    const body = bodyOf(`${n}`);
    const digest = createHmac("sha256", forged ? "another" : secret)
      .update(body)
      .digest("hex");
    const headers = {
      "content-type": "application/json",
      "x-github-event": "push",
      "x-github-delivery": `${path}-${n}`,
      "x-hub-signature-256": `sha256=${digest}`,
    };
    const sending = { path, headers, body };
    if (!forged) last = sending;
    return { sending, expected: forged ? 401 : 200 };
  };
}

function bodyOf(id: string): string {
  return JSON.stringify({ id, type: "soak.event", text: "x".repeat(bodyBytes) });
}

type Tool = (name: string, input: object) => Promise<void>;
type Manager = { readonly everyMs: number; readonly act: (n: number) => Promise<unknown> };

function managers(call: Call, tool: Tool): readonly Manager[] {
  return [
    { everyMs: 500, act: () => tool("list_endpoints", {}) },
    { everyMs: 1_000, act: () => tool("get_dashboard_summary", {}) },
    { everyMs: 1_000, act: () => tool("list_logs", { endpointId: "failing", status: "failed" }) },
    { everyMs: 5_000, act: () => tool("account_for_webhooks", {}) },
    { everyMs: 5_000, act: () => tool("send_test", { endpointId: "plain" }) },
    { everyMs: 1_000, act: () => threePages(call) },
    { everyMs: 2_000, act: () => call("GET", "/changes?limit=50") },
    { everyMs: 10_000, act: () => replay(call) },
  ];
}

async function threePages(call: Call): Promise<void> {
  let cursor = "";
  for (let page = 0; page < 3; page++) {
    const { nextCursor } = await call("GET", `/endpoints/signed-0/logs?limit=50${cursor}`);
    if (typeof nextCursor !== "string") return;
    cursor = `&cursor=${nextCursor}`;
  }
}

/** What the plain endpoint received in the second before. */
async function replay(call: Call): Promise<void> {
  const since = new Date(Date.now() - 1_000).toISOString();
  const { planId } = await call("POST", "/replays", { endpointId: "plain", status: "all", since });
  if (typeof planId === "string") await call("POST", "/replays", { planId });
}

/** An endpoint comes, is used, changed, deleted, brought back and deleted for good. */
async function churn(
  n: number,
  call: Call,
  send: (sending: Sending) => Promise<void>,
  target: string,
): Promise<void> {
  const made = await call("POST", "/endpoints", { name: `passing ${n}`, targetUrl: `${target}/ok` });
  const id = String(made["id"]);
  const path = new URL(String(made["ingestUrl"])).pathname;
  for (let i = 0; i < 5; i++) await send({ path, headers: {}, body: bodyOf(`${n}-${i}`) });
  await call("PATCH", `/endpoints/${id}`, { name: `passed ${n}` });
  await sleep(1_000);
  await call("DELETE", `/endpoints/${id}`);
  const { changes } = z
    .object({ changes: z.array(z.object({ changeId: z.string() })) })
    .parse(await call("GET", `/changes?subject=${id}&limit=1`));
  await call("POST", `/changes/${changes[0]?.changeId}/undo`, {});
  await call("DELETE", `/endpoints/${id}`);
}
