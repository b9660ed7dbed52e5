// The whole way of an event: accepted, verified, deduplicated, delivered, recorded. CPU of the product's process per event,
// over both databases, and of PostgreSQL's beside it, against the least that promises the same and the least that forwards.
import { fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { benchPostgres } from "./bench-postgres.ts";
import {
  bareForwarder,
  barePipeline,
  benchServer,
  machine,
  median,
  messageOf,
  type BenchServer,
} from "./bench-server.ts";
import { lightClient, postOf, type LightClient } from "./light-client.ts";

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 10_000);
const connections = 64;
const endpoints = 50;
const secret = "whsec_benchmark_secret_that_is_not_real";

const target = fork(new URL("./target.ts", import.meta.url));
const { url: targetUrl } = z.object({ url: z.string() }).parse(await messageOf(target));

const postgres = await benchPostgres();
const bare = { pipeline: await barePipeline(targetUrl), forwarder: await bareForwarder(targetUrl) };
const ours = {
  embedded: await benchServer("durable"),
  PostgreSQL: await benchServer("durable", await postgres.environment()),
};

async function paths(server: BenchServer): Promise<readonly string[]> {
  const made: string[] = [];
  for (let n = 0; n < endpoints; n++) {
    const terms = { name: `bench ${n}`, targetUrl, provider: "stripe" };
    const { ingestUrl } = await server.api("POST", "/endpoints", terms);
    await server.api("PUT", `/endpoints/bench-${n}/secret`, { secret });
    made.push(new URL(String(ingestUrl)).pathname);
  }
  await server.api("PATCH", "/workspace", { plan: { eventsPerMonth: 1_000_000_000 } });
  return made;
}

let serial = 0;

function signedPost(url: URL, ingest: readonly string[]): Buffer {
  const n = serial++;
  const body = JSON.stringify({ id: `evt_${n}`, type: "bench.created", data: "x".repeat(960) });
  const t = Math.floor(Date.now() / 1_000);
  const signature = `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
  const headers = { "content-type": "application/json", "stripe-signature": signature };
  return postOf(url, ingest[n % ingest.length] ?? "", headers, body);
}

/** By the gauge, not by accounting, whose queries would be measured along. */
async function pending({ url }: BenchServer): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^sluice_jobs_open (\d+)$/m.exec(text)?.[1]);
}

type Round = {
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly databaseUs: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly backlog: number;
};

type Driven = {
  readonly name: string;
  readonly server: BenchServer;
  readonly client: LightClient;
  readonly ingest: readonly string[];
  readonly waiting: (driven: BenchServer) => Promise<number>;
};

/** Sends all events and waits until they are delivered. */
async function round({ server, client, ingest, waiting }: Driven): Promise<Round> {
  // Signed beforehand: what the sender computes meanwhile takes the same cores from what is measured.
  const ready = Array.from({ length: events }, () => signedPost(new URL(server.url), ingest));
  const before = postgres.spentUs();
  const { result, spent } = await server.measure(async () => {
    const from = performance.now();
    const latencies = await client.send(ready);
    const backlog = await waiting(server);
    while ((await waiting(server)) > 0) await sleep(50);
    return { latencies, backlog, seconds: (performance.now() - from) / 1_000 };
  });
  const sorted = result.latencies.toSorted((a, b) => a - b);
  return {
    cpuUs: spent.cpuUs / events,
    mainUs: spent.mainUs / events,
    databaseUs: (postgres.spentUs() - before) / events,
    perSecond: events / result.seconds,
    p99Ms: sorted[Math.floor(events * 0.99)] ?? Number.NaN,
    backlog: result.backlog,
  };
}

const barePaths = Array.from({ length: endpoints }, (_, n) => `/${n}`);
const nothing = async (): Promise<number> => 0;
const servers = [
  { name: "embedded", server: ours.embedded, ingest: await paths(ours.embedded), waiting: pending },
  { name: "PostgreSQL", server: ours.PostgreSQL, ingest: await paths(ours.PostgreSQL), waiting: pending },
  { name: "a bare pipeline", server: bare.pipeline, ingest: barePaths, waiting: nothing },
  { name: "a bare forwarder", server: bare.forwarder, ingest: barePaths, waiting: nothing },
];
const driven: readonly Driven[] = await Promise.all(
  servers.map(async (it) => ({ ...it, client: await lightClient(new URL(it.server.url), connections) })),
);
const results = driven.map((): Round[] => []);
const warmUps = 2;
for (let n = 0; n < rounds + warmUps; n++)
  for (const [index, one] of driven.entries()) {
    const result = await round(one);
    if (n >= warmUps) results[index]?.push(result);
  }
const Account = z.object({ received: z.int(), delivered: z.int(), remainder: z.int() });
const accounts: string[] = [];
for (const [name, server] of Object.entries(ours)) {
  const account = Account.parse(await server.api("GET", "/account-for-webhooks"));
  accounts.push(
    `${name}: received ${account.received}, delivered ${account.delivered}, remainder ${account.remainder}`,
  );
}
for (const { client } of driven) client.close();
await Promise.all(driven.map(({ server }) => server.end()));
await postgres.end();
target.send("end");

const [pipelines = [], forwarders = []] = results.slice(-2);
console.log(
  `pipeline, ${endpoints} endpoints, signed and deduplicated, ${rounds} rounds of ${events} events (${machine()})`,
);
for (const [index, { name }] of driven.entries()) {
  const list = results[index] ?? [];
  const middle = (of: keyof Round): number => median(list.map((it) => it[of]));
  const best = Math.min(...list.map(({ cpuUs }) => cpuUs));
  const times = (base: readonly Round[]): string =>
    median(list.map((it, n) => it.cpuUs / (base[n]?.cpuUs ?? Number.NaN))).toFixed(2);
  const beside = name === "PostgreSQL" ? `, PostgreSQL beside ${middle("databaseUs").toFixed(1)} us` : "";
  console.log(
    `  ${name}: CPU per event ${middle("cpuUs").toFixed(1)} us, least ${best.toFixed(1)} us, main thread ${middle("mainUs").toFixed(1)} us${beside}; ${times(pipelines)} times a bare pipeline, ${times(forwarders)} times a bare forwarder`,
  );
  console.log(
    `    ${middle("perSecond").toFixed(0)} events/s until delivered, accept p99 ${middle("p99Ms").toFixed(1)} ms, backlog when sending ended ${middle("backlog")}`,
  );
}
console.log(`  goal, embedded: CPU per event <= 105 us`);
for (const account of accounts) console.log(`  ${account}`);
