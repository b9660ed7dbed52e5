// Durable accept against the same listener whose journal.commit resolves at once: requests/s and CPU per request.
import autocannon from "autocannon";
import { benchServer, machine, median, type BenchServer } from "./bench-server.ts";

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 4);
const connections = Number(process.argv[4] ?? 64);
const body = JSON.stringify({ id: "evt_bench", type: "bench.created", data: "x".repeat(960) });

type Round = {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly p99Ms: number;
  readonly loopMaxMs: number;
};

async function ingestUrlOf(server: BenchServer): Promise<string> {
  const endpoint = await server.api("POST", "/endpoints", { name: "bench", targetUrl: "http://127.0.0.1:9" });
  // Paused: what is accepted is held, so that only accepting is measured.
  await server.api("PATCH", "/endpoints/bench", { isActive: false });
  return String(endpoint["ingestUrl"]);
}

async function round(server: BenchServer, url: string): Promise<Round> {
  const load = () =>
    autocannon({
      url,
      connections,
      duration: seconds,
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
  const { result, spent } = await server.measure(load);
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} refused, ${result.errors} errors`);
  return {
    perSecond: result["2xx"] / result.duration,
    cpuUs: spent.cpuUs / result["2xx"],
    p99Ms: result.latency.p99,
    loopMaxMs: spent.loopMaxMs,
  };
}

const durable = await benchServer("durable");
const forgetful = await benchServer("forgetful");
const urls = [await ingestUrlOf(durable), await ingestUrlOf(forgetful)] as const;
const results: { readonly durable: Round[]; readonly forgetful: Round[] } = { durable: [], forgetful: [] };
for (let n = 0; n <= rounds; n++) {
  const a = await round(durable, urls[0]);
  const b = await round(forgetful, urls[1]);
  if (n === 0) continue; // warm-up
  results.durable.push(a);
  results.forgetful.push(b);
}
await Promise.all([durable.end(), forgetful.end()]);

const show = (list: readonly Round[]): string =>
  `${median(list.map((it) => it.perSecond)).toFixed(0)} req/s, ${median(list.map((it) => it.cpuUs)).toFixed(1)} us CPU, p99 ${median(list.map((it) => it.p99Ms))} ms, loop max ${median(list.map((it) => it.loopMaxMs)).toFixed(1)} ms`;
const ratios = results.durable.map((it, i) => it.perSecond / (results.forgetful[i]?.perSecond ?? Number.NaN));
console.log(`accept, ${connections} connections, 1 KB, ${rounds} rounds of ${seconds} s (${machine()})`);
console.log(`  durable    ${show(results.durable)}`);
console.log(`  forgetful  ${show(results.forgetful)}`);
console.log(`  ratio of req/s, durable / forgetful: median ${median(ratios).toFixed(2)} (goal >= 0.50)`);
