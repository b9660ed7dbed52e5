// The whole way of an event: accepted, verified, deduplicated, delivered, recorded. CPU of the product's process per event.
import { fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { z } from "zod";
import { bareForwarder, benchServer, machine, median, messageOf, type BenchServer } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 10_000);
const connections = 64;
const endpoints = 50;
const secret = "whsec_benchmark_secret_that_is_not_real";

const target = fork(new URL("./target.ts", import.meta.url));
const { url: targetUrl } = z.object({ url: z.string() }).parse(await messageOf(target));

const server = await benchServer("durable");
const bare = await bareForwarder(targetUrl);
const ingest: string[] = [];
for (let n = 0; n < endpoints; n++) {
  const made = await server.api("POST", "/endpoints", { name: `bench ${n}`, targetUrl, provider: "stripe" });
  await server.api("PUT", `/endpoints/bench-${n}/secret`, { secret });
  ingest.push(new URL(String(made["ingestUrl"])).pathname);
}
await server.api("PATCH", "/workspace", { plan: { eventsPerMonth: 1_000_000_000 } });

const agent = new Agent({ connections, pipelining: 1 });
let serial = 0;

type Signed = { readonly path: string; readonly body: string; readonly signature: string };

function signed(): Signed {
  const n = serial++;
  const body = JSON.stringify({ id: `evt_${n}`, type: "bench.created", data: "x".repeat(960) });
  const t = Math.floor(Date.now() / 1_000);
  const signature = `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
  return { path: ingest[n % endpoints] ?? "", body, signature };
}

async function sendOne(origin: string, { path, body, signature }: Signed): Promise<number> {
  const from = performance.now();
  const answer = await agent.request({
    origin,
    path,
    method: "POST",
    headers: { "content-type": "application/json", "stripe-signature": signature },
    body,
  });
  await answer.body.dump();
  if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
  return performance.now() - from;
}

/** By the gauge, not by accounting, whose queries would be measured along. */
async function pending(): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(/^sluice_jobs_open (\d+)$/m.exec(text)?.[1]);
}

type Round = {
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly perSecond: number;
  readonly p99Ms: number;
  readonly backlog: number;
};

/** Sends `count` events through 64 connections and waits until all are delivered. */
async function round(driven: BenchServer, waiting: () => Promise<number>): Promise<Round> {
  const latencies: number[] = [];
  // Signed beforehand: what the sender computes meanwhile takes the same cores from what is measured.
  const ready = Array.from({ length: events }, signed);
  const { result, spent } = await driven.measure(async () => {
    const from = performance.now();
    await Promise.all(
      Array.from({ length: connections }, async () => {
        for (let next = ready.pop(); next !== undefined; next = ready.pop())
          latencies.push(await sendOne(driven.url, next));
      }),
    );
    const backlog = await waiting();
    while ((await waiting()) > 0) await sleep(50);
    return { backlog, seconds: (performance.now() - from) / 1_000 };
  });
  const p99Ms = latencies.toSorted((a, b) => a - b)[Math.floor(events * 0.99)] ?? Number.NaN;
  return {
    cpuUs: spent.cpuUs / events,
    mainUs: spent.mainUs / events,
    perSecond: events / result.seconds,
    p99Ms,
    backlog: result.backlog,
  };
}

const nothing = async (): Promise<number> => 0;
const ours: Round[] = [];
const least: Round[] = [];
const warmUps = 2;
for (let n = 0; n < rounds + warmUps; n++) {
  const a = await round(server, pending);
  const b = await round(bare, nothing);
  if (n < warmUps) continue;
  ours.push(a);
  least.push(b);
}
const Account = z.object({ received: z.int(), delivered: z.int(), remainder: z.int() });
const account = Account.parse(await server.api("GET", "/account-for-webhooks"));
await agent.close();
await Promise.all([server.end(), bare.end()]);
target.send("end");

const middle = (list: readonly Round[], of: keyof Round): number => median(list.map((it) => it[of]));
const ratios = ours.map((it, i) => it.cpuUs / (least[i]?.cpuUs ?? Number.NaN));
console.log(
  `pipeline, ${endpoints} endpoints, signed and deduplicated, ${rounds} rounds of ${events} events (${machine()})`,
);
console.log(
  `  CPU per event: median ${middle(ours, "cpuUs").toFixed(1)} us, min ${Math.min(...ours.map((it) => it.cpuUs)).toFixed(1)} us (goal <= 105); main thread ${middle(ours, "mainUs").toFixed(1)} us`,
);
console.log(
  `  a bare forwarder, which stores and checks nothing: median ${middle(least, "cpuUs").toFixed(1)} us; ratio ${median(ratios).toFixed(2)}`,
);
console.log(
  `  events/s until delivered: ${middle(ours, "perSecond").toFixed(0)}; accept p99 ${middle(ours, "p99Ms").toFixed(1)} ms; backlog when sending ended ${middle(ours, "backlog")}`,
);
console.log(`  received ${account.received}, delivered ${account.delivered}, remainder ${account.remainder}`);
