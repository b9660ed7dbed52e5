// Webhooks accepted one after another while batches of captured traffic come in, small ones and the largest that are taken:
// how long a webhook waits for its answer.
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Agent, request } from "undici";
import { randomOf } from "../demo/traffic/random.ts";
import { shopRecord } from "../demo/traffic/shop.ts";
import { benchServer, machine } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 3);
const batchesPerRound = 8;
const pauseMs = 100;
const variants = [
  { name: "no batches", records: 0, items: 0 },
  { name: "100 records of 1 KB", records: 100, items: 10 },
  { name: "1000 records of 1 KB", records: 1_000, items: 10 },
  { name: "1000 records of 13 KB", records: 1_000, items: 200 },
];

const compressed = promisify(gzip);
const random = randomOf(1);
const dispatcher = new Agent({ connections: 4, pipelining: 1 });
const { url, key, api, end } = await benchServer("durable");
// Nobody listens there: what is measured is the answer to the sender.
const terms = { name: "bench", targetUrl: "http://127.0.0.1:9" };
const ingest = String((await api("POST", "/endpoints", terms))["ingestUrl"]);
await api("PATCH", "/endpoints/bench", { isActive: false });

async function batchOf(records: number, items: number): Promise<Buffer> {
  const text = JSON.stringify({
    list: Array.from({ length: items }, (_, n) => ({
      id: n,
      name: `thing ${n}`,
      note: "some words of text",
    })),
  });
  const size = text.length;
  const captured = Array.from({ length: records }, () => ({
    ...shopRecord(random, Date.now()),
    response: { headers: [["content-type", "application/json"]], size, body: { text, size } },
  }));
  return compressed(JSON.stringify({ agent: { name: "bench", version: "1" }, records: captured }));
}

async function post(to: string, body: Buffer | string, headers: Record<string, string>): Promise<void> {
  const answer = await request(to, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    dispatcher,
  });
  const text = await answer.body.text();
  if (answer.statusCode >= 300) throw new Error(`${answer.statusCode}: ${text}`);
}

const captureHeaders = { authorization: `Bearer ${key}`, "content-encoding": "gzip" };

/** How long each webhook took that was sent meanwhile, ms. */
async function waits({ records, items }: (typeof variants)[number]): Promise<readonly number[]> {
  const batches = await Promise.all(Array.from({ length: batchesPerRound }, () => batchOf(records, items)));
  const took: number[] = [];
  const over = new AbortController();
  const webhooks = (async () => {
    while (!over.signal.aborted) {
      const from = performance.now();
      await post(ingest, "{}", {});
      took.push(performance.now() - from);
      await sleep(1);
    }
  })();
  for (const batch of batches) {
    if (records > 0) await post(`${url}/capture/v1/batches`, batch, captureHeaders);
    await sleep(pauseMs);
  }
  over.abort();
  await webhooks;
  return took;
}

const took = variants.map((): number[] => []);
for (let round = 0; round <= rounds; round++)
  for (const [n, variant] of variants.entries()) {
    const waited = await waits(variant);
    if (round > 0) took[n]?.push(...waited); // the first warms up
  }
console.log(
  `webhooks beside captured batches, ${rounds} rounds of ${batchesPerRound} batches (${machine()})`,
);
for (const [n, { name }] of variants.entries()) {
  const sorted = (took[n] ?? []).toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1).padStart(6);
  console.log(`  ${name.padEnd(22)} p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
}
await dispatcher.close();
await end();
