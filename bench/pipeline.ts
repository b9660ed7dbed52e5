// The whole way of an event: accepted, verified, deduplicated, delivered, recorded. CPU of the product's process per event.
import { fork } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";
import { z } from "zod";
import { benchServer, machine, median } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 5);
const events = Number(process.argv[3] ?? 10_000);
const connections = 64;
const endpoints = 50;
const secret = "whsec_benchmark_secret_that_is_not_real";

const target = fork(new URL("./target.ts", import.meta.url));
const [ready] = await once(target, "message");
const { url: targetUrl } = z.object({ url: z.string() }).parse(ready);

const server = await benchServer("durable");
const ingest: string[] = [];
for (let n = 0; n < endpoints; n++) {
  const made = await server.api("POST", "/endpoints", { name: `bench ${n}`, targetUrl, provider: "stripe" });
  await server.api("PUT", `/endpoints/bench-${n}/secret`, { secret });
  ingest.push(new URL(String(made["ingestUrl"])).pathname);
}
await server.api("PATCH", "/workspace", { plan: { eventsPerMonth: 1_000_000_000 } });

const agent = new Agent({ connections, pipelining: 1 });
let serial = 0;

async function sendOne(): Promise<number> {
  const n = serial++;
  const body = JSON.stringify({ id: `evt_${n}`, type: "bench.created", data: "x".repeat(960) });
  const t = Math.floor(Date.now() / 1_000);
  const signature = `t=${t},v1=${createHmac("sha256", secret).update(`${t}.${body}`).digest("hex")}`;
  const from = performance.now();
  const answer = await agent.request({
    origin: server.url,
    path: ingest[n % endpoints] ?? "",
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

async function round(count: number): Promise<{ eventsPerSecond: number; p99Ms: number; backlog: number }> {
  const latencies: number[] = [];
  let left = count;
  const from = performance.now();
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) latencies.push(await sendOne());
    }),
  );
  const backlog = await pending();
  while ((await pending()) > 0) await sleep(50);
  const seconds = (performance.now() - from) / 1_000;
  return {
    eventsPerSecond: count / seconds,
    p99Ms: latencies.toSorted((a, b) => a - b)[Math.floor(count * 0.99)] ?? Number.NaN,
    backlog,
  };
}

await round(2_000); // warm-up
const cpu: number[] = [];
const perSecond: number[] = [];
const p99: number[] = [];
const backlogs: number[] = [];
for (let n = 0; n < rounds; n++) {
  const { result, spent } = await server.measure(() => round(events));
  cpu.push(spent.cpuUs / events);
  perSecond.push(result.eventsPerSecond);
  p99.push(result.p99Ms);
  backlogs.push(result.backlog);
}
const account = await server.api("GET", "/account-for-webhooks");
await agent.close();
await server.end();
target.send("end");

console.log(
  `pipeline, ${endpoints} endpoints, signed and deduplicated, ${rounds} rounds of ${events} events (${machine()})`,
);
console.log(
  `  CPU of the product per event: median ${median(cpu).toFixed(1)} us, min ${Math.min(...cpu).toFixed(1)} us (goal <= 105)`,
);
console.log(
  `  events/s until delivered: median ${median(perSecond).toFixed(0)}; accept p99 ${median(p99).toFixed(1)} ms; backlog when sending ended: median ${median(backlogs)}`,
);
console.log(
  `  received ${account["received"]}, delivered ${account["delivered"]}, remainder ${account["remainder"]}`,
);
