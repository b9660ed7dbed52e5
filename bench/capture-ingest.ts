// Captured traffic taken in over HTTP in batches of 100 records of a made-up shop, validated, redacted and stored, against the
// same server whose journal.commit resolves at once; then what questions take over so many records while more come in.
//
//   node bench/capture-ingest.ts [--records 1000000] [--rounds 5] [--ingest records a second, 2000]
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Agent, request } from "undici";
import { randomOf, type Random } from "../demo/traffic/random.ts";
import { shopRecord } from "../demo/traffic/shop.ts";
import { benchServer, machine, median, type BenchServer } from "./bench-server.ts";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "5" },
    ingest: { type: "string", default: "2000" },
  },
});
const [wanted, rounds, perSecond] = [Number(values.records), Number(values.rounds), Number(values.ingest)];
const recordsOfBatch = 100;
const batchesOfRound = 200;
const connections = 8;
const buckets = 20;
const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A question is asked so often at the least, then until this time is over, but not more often than this. */
const repeats = { least: 15, ms: 1_000, most: 100 };

const random = randomOf(1);
const dispatcher = new Agent({ connections, pipelining: 1 });

/** Made before it is sent, so that making it is not measured. `spanMs`: how far back from `end` its records lie at most. */
function batchOf(of: Random, end: number, spanMs: number): string {
  const records = Array.from({ length: recordsOfBatch }, () =>
    shopRecord(of, end - Math.floor(of() * spanMs)),
  );
  return JSON.stringify({ agent: { name: "bench", version: "1" }, records });
}

async function send({ url, key }: BenchServer, batch: string, bucket: number): Promise<void> {
  const { statusCode, body } = await request(`${url}/capture/v1/batches`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": "application/json",
      "x-sluice-bucket": `b${bucket % buckets}`,
    },
    body: batch,
    dispatcher,
  });
  const text = await body.text();
  if (statusCode !== 202) throw new Error(`a batch was answered ${statusCode}: ${text}`);
}

/** Sends all of them over so many connections. */
async function sendAll(server: BenchServer, batches: readonly string[]): Promise<void> {
  let next = 0;
  const sender = async () => {
    while (next < batches.length) {
      const n = next++;
      await send(server, batches[n] ?? "", n);
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
}

type Round = { readonly perSecond: number; readonly cpuUs: number; readonly mainUs: number };

async function round(server: BenchServer): Promise<Round> {
  const batches = Array.from({ length: batchesOfRound }, () => batchOf(random, Date.now(), minuteMs));
  const records = batchesOfRound * recordsOfBatch;
  const startedAt = performance.now();
  const { spent } = await server.measure(() => sendAll(server, batches));
  const seconds = (performance.now() - startedAt) / 1_000;
  return { perSecond: records / seconds, cpuUs: spent.cpuUs / records, mainUs: spent.mainUs / records };
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.startsWith("traffic"))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

const servers = { forgetful: await benchServer("forgetful"), durable: await benchServer("durable") };
for (const server of Object.values(servers))
  for (let n = 0; n < buckets; n++) await server.api("POST", "/buckets", { name: `b${n}` });

const results: Record<keyof typeof servers, Round[]> = { forgetful: [], durable: [] };
for (let n = 0; n <= rounds; n++)
  for (const name of ["forgetful", "durable"] as const) {
    const result = await round(servers[name]);
    if (n > 0) results[name].push(result); // the first warms up
  }
await servers.forgetful.end();

console.log(
  `captured records in batches of ${recordsOfBatch}, ${connections} connections, ${rounds} rounds of ${batchesOfRound} batches (${machine()})`,
);
for (const [name, list] of Object.entries(results))
  console.log(
    `  ${name.padEnd(10)} ${median(list.map((it) => it.perSecond)).toFixed(0)} records/s, ${median(list.map((it) => it.cpuUs)).toFixed(1)} us CPU a record, ${median(list.map((it) => it.mainUs)).toFixed(1)} of it on the main thread`,
  );
console.log(
  `  ratio of records/s to forgetful, median: ${median(results.durable.map((it, n) => it.perSecond / (results.forgetful[n]?.perSecond ?? Number.NaN))).toFixed(2)}`,
);

const { durable } = servers;
const before = bytesIn(durable.folder);
let stored = 0;
// A day of traffic in the order in which it happened, each batch of a minute as an agent sends it.
for (let began = Date.now() - dayMs; stored < wanted;) {
  const batches = Array.from({ length: batchesOfRound }, () => {
    stored += recordsOfBatch;
    return batchOf(random, Math.min(began + (dayMs * stored) / wanted, Date.now()), minuteMs);
  });
  await sendAll(durable, batches);
}
// What is raw yet is packed at intervals.
await sleep(30_000);
console.log(
  `  ${((bytesIn(durable.folder) - before) / stored).toFixed(0)} bytes a record stored, figures among them`,
);

let ingested = 0;
const over = new AbortController();
const ingesting = (async () => {
  const startedAt = performance.now();
  while (!over.signal.aborted) {
    await send(durable, batchOf(random, Date.now(), 1_000), ingested / recordsOfBatch);
    ingested += recordsOfBatch;
    const ahead = (ingested / perSecond) * 1_000 - (performance.now() - startedAt);
    if (ahead > 0) await sleep(ahead);
  }
  return ingested / ((performance.now() - startedAt) / 1_000);
})();

const questions: Readonly<Record<string, string>> = {
  "recent 50 of a bucket": "/requests?bucket=b7&limit=50",
  "recent 50 of a bucket, 5xx": "/requests?bucket=b7&status=5xx&limit=50",
  "recent 50 of all, a query": `/requests?limit=50&query=${encodeURIComponent("status:4xx AND userAgent:shop-ios* AND duration>20")}`,
  "percentiles of a bucket, 24 h": "/response-times?bucket=b7&since=24h",
  "throughput of a bucket, 24 h": "/throughput?bucket=b7&since=24h",
  "throughput of all, 24 h": "/throughput?since=24h",
  "metrics of a bucket with routes, 24 h": "/metrics?bucket=b7&since=24h",
  "metrics of all with routes, 24 h": "/metrics?since=24h",
  "errors of an hour explained, all": "/errors/explanations?since=1h",
};
console.log(
  `  over HTTP with ${stored} records, while more come in: median and least of ${repeats.least} to ${repeats.most}, ms`,
);
for (const [name, path] of Object.entries(questions)) {
  const times: number[] = [];
  const began = performance.now();
  while (
    times.length < repeats.least ||
    (times.length < repeats.most && performance.now() - began < repeats.ms)
  ) {
    const startedAt = performance.now();
    await durable.api("GET", path);
    times.push(performance.now() - startedAt);
  }
  console.log(
    `    ${median(times).toFixed(1).padStart(8)} ${Math.min(...times)
      .toFixed(1)
      .padStart(8)}  ${name}`,
  );
}
over.abort();
console.log(`  ${(await ingesting).toFixed(0)} records/s came in meanwhile (${machine()})`);
await durable.end();
await dispatcher.close();
