// What a dead endpoint with a backlog costs a healthy one: from sending a webhook to its arrival at the target.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { benchServer, machine, median, type BenchServer } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 1_000);
const backlog = Number(process.argv[4] ?? 10_000);
const perSecond = 200;
const connections = 64;

const agent = new Agent({ connections, pipelining: 1 });
const sentAt = new Map<number, number>();
const tookMs: number[] = [];
let serial = 0;

/** Answers at once and notes how long ago what it gets was sent. */
const healthy = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (piece: string) => (text += piece));
  request.on("end", () => {
    const from = sentAt.get(Number(text));
    if (from !== undefined) tookMs.push(performance.now() - from);
    sentAt.delete(Number(text));
    response.end("ok");
  });
});
/** Takes connections and requests, and never answers. */
const hanging = createServer(() => {});
/** Its port is closed by the time that webhooks are to go there. */
const closed = createServer();
const urlOf = async (server: typeof healthy): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
};
const healthyUrl = await urlOf(healthy);
const dead: Readonly<Record<string, string | null>> = {
  "no dead endpoint": null,
  "one that never answers": await urlOf(hanging),
  "one that refuses connections": await urlOf(closed),
};
await new Promise((resolve) => closed.close(resolve));

async function post(url: string, body: string): Promise<void> {
  const { origin, pathname: path } = new URL(url);
  const answer = await agent.request({ origin, path, method: "POST", body });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
}

async function open(server: BenchServer): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^sluice_jobs_open (\d+)$/m.exec(text)?.[1]);
}

type Place = { readonly server: BenchServer; readonly ingestUrl: string };

async function placeOf(deadUrl: string | null): Promise<Place> {
  const server = await benchServer("durable");
  const made = await server.api("POST", "/endpoints", { name: "healthy", targetUrl: healthyUrl });
  if (deadUrl !== null) {
    const { ingestUrl } = await server.api("POST", "/endpoints", { name: "dead", targetUrl: deadUrl });
    let left = backlog;
    const sender = async () => {
      while (left-- > 0) await post(String(ingestUrl), "{}");
    };
    await Promise.all(Array.from({ length: connections }, sender));
  }
  return { server, ingestUrl: String(made["ingestUrl"]) };
}

type Round = {
  /** 99th percentile of the deliveries. */
  readonly p99Ms: number;
  /** Of the server, for each event. */
  readonly cpuUs: number;
};

async function round({ server, ingestUrl }: Place): Promise<Round> {
  const { result, spent } = await server.measure(() => p99Of(ingestUrl));
  return { p99Ms: result, cpuUs: spent.cpuUs / events };
}

/** Sends at an even rate, whatever the answers take. */
async function p99Of(ingestUrl: string): Promise<number> {
  tookMs.length = 0;
  const from = performance.now();
  const sending: Promise<void>[] = [];
  for (let n = 0; n < events; n++) {
    const waitMs = from + (n * 1_000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    sentAt.set(++serial, performance.now());
    sending.push(post(ingestUrl, String(serial)));
  }
  await Promise.all(sending);
  while (tookMs.length < events) await sleep(20);
  return tookMs.toSorted((a, b) => a - b)[Math.floor(events * 0.99)] ?? Number.NaN;
}

const places = new Map<string, Place>();
for (const [name, url] of Object.entries(dead)) places.set(name, await placeOf(url));
const results = new Map([...places.keys()].map((name): [string, Round[]] => [name, []]));
for (let n = 0; n <= rounds; n++)
  for (const [name, place] of places) {
    const result = await round(place);
    if (n > 0) results.get(name)?.push(result); // the first is warm-up
  }

const [alone = []] = results.values();
/** Of rounds that follow each other, so that both were made on the same machine's day. */
function ratioOf(own: readonly Round[], figure: keyof Round): string {
  return median(own.map((it, n) => it[figure] / (alone[n]?.[figure] ?? Number.NaN))).toFixed(2);
}
console.log(
  `dead endpoint, backlog of ${backlog}; a healthy endpoint beside it gets ${perSecond} webhooks/s, ${rounds} interleaved rounds of ${events} (${machine()})`,
);
for (const [name, place] of places) {
  const own = results.get(name) ?? [];
  const [p99, cpu] = [median(own.map((it) => it.p99Ms)), median(own.map((it) => it.cpuUs))];
  console.log(
    `  ${name}: delivery p99 median ${p99.toFixed(1)} ms, ratio ${ratioOf(own, "p99Ms")}; ${cpu.toFixed(0)} us CPU an event, ratio ${ratioOf(own, "cpuUs")}; ${await open(place.server)} jobs open at the end`,
  );
}
await agent.close();
await Promise.all([...places.values()].map(({ server }) => server.end()));
for (const server of [healthy, hanging]) {
  server.close();
  server.closeAllConnections();
}
