// What 10,000 idle MCP sessions cost a server in memory, and what open event streams cost beside them.
// Run: node bench/mcp-sessions.ts [sessions] [streams]. A server in a process of its own, embedded database.
import { Agent, request } from "node:http";
import { benchServer, machine, median, type BenchServer } from "./bench-server.ts";

const [sessions = 10_000, streams = 1_000] = process.argv.slice(2).map(Number);
/** A credential has at most so many of each. */
const sessionsEach = 200;
const streamsEach = 100;
const openedAtOnce = 16;
const samples = 5;

const agent = new Agent({ keepAlive: true, maxSockets: openedAtOnce });

const hello = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-11-25",
    capabilities: { elicitation: {}, sampling: {} },
    clientInfo: { name: "bench", version: "1.0.0" },
  },
};

type Session = { readonly key: string; readonly id: string };

/** Resolves with the id of a new session. */
function opened(server: BenchServer, key: string): Promise<Session> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const sent = request(`${server.url}/mcp`, { agent, method: "POST", headers }, (response) => {
      response.resume();
      const id = response.headers["mcp-session-id"];
      response.on("end", () =>
        typeof id === "string" ? resolve({ key, id }) : reject(new Error(`answered ${response.statusCode}`)),
      );
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(hello));
  });
}

/** Resolves once the stream of a session is open; answers how to end it. */
function streaming(server: BenchServer, { key, id }: Session): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      accept: "text/event-stream",
      "mcp-session-id": id,
      "mcp-protocol-version": "2025-11-25",
    };
    const sent = request(`${server.url}/mcp`, { agent: false, headers }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve(() => sent.destroy());
      else reject(new Error(`answered ${response.statusCode}`));
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function inTurns<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (let i = 0; i < items.length; i += openedAtOnce)
    results.push(...(await Promise.all(items.slice(i, i + openedAtOnce).map(work))));
  return results;
}

async function rss(server: BenchServer): Promise<number> {
  const seen: number[] = [];
  for (let n = 0; n < samples; n++)
    seen.push((await server.measure(() => new Promise((resolve) => setTimeout(resolve, 1_000)))).spent.rssMb);
  return median(seen);
}

const server = await benchServer("durable");
const credentials = Math.ceil(Math.max(sessions / sessionsEach, streams / streamsEach));
await server.api("PATCH", "/workspace", { plan: { apiKeysMax: credentials + 1 } });
const keys = await inTurns(Array.from({ length: credentials }), async () =>
  String((await server.api("POST", "/api-keys", { name: "bench" }))["secret"]),
);
const before = await rss(server);
const startedAt = performance.now();
const made = await inTurns(
  Array.from({ length: sessions }, (_, i) => keys[i % credentials] ?? ""),
  (key) => opened(server, key),
);
const perSecond = sessions / ((performance.now() - startedAt) / 1_000);
const withSessions = await rss(server);
const ends = await inTurns(made.slice(0, streams), (session) => streaming(server, session));
const withStreams = await rss(server);
const { spent } = await server.measure(() => new Promise((resolve) => setTimeout(resolve, 10_000)));
for (const end of ends) end();
await server.end();

const mib = (value: number): string => value.toFixed(1).padStart(8);
console.log(`resident memory of the server, MiB (${machine()})`);
console.log(`${mib(before)}  with no session`);
console.log(
  `${mib(withSessions)}  with ${sessions} idle sessions of ${credentials} keys, opened at ${Math.round(perSecond)} a second`,
);
console.log(`${mib(withStreams)}  with ${streams} of their event streams open as well`);
console.log(`CPU while all is idle: ${(spent.cpuUs / 10_000 / 10).toFixed(1)} % of a core`);
