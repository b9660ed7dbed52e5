// Durable accept, over both databases, against the same listener whose journal.commit resolves at once: requests/s and CPU
// per request.
import autocannon from "autocannon";
import { benchPostgres } from "./bench-postgres.ts";
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

const postgres = await benchPostgres();
const servers = {
  forgetful: await benchServer("forgetful"),
  embedded: await benchServer("durable"),
  PostgreSQL: await benchServer("durable", await postgres.environment()),
};
const names = ["forgetful", "embedded", "PostgreSQL"] as const;
const urls: Record<string, string> = {};
for (const name of names) urls[name] = await ingestUrlOf(servers[name]);
const results = names.map((): Round[] => []);
const databaseUs: number[] = [];
for (let n = 0; n <= rounds; n++)
  for (const [index, name] of names.entries()) {
    const before = postgres.spentUs();
    const result = await round(servers[name], urls[name] ?? "");
    if (n === 0) continue; // warm-up
    results[index]?.push(result);
    if (name === "PostgreSQL") databaseUs.push((postgres.spentUs() - before) / (result.perSecond * seconds));
  }
await Promise.all(names.map((name) => servers[name].end()));
await postgres.end();

const [bare = [], ...stored] = results;
const show = (list: readonly Round[]): string =>
  `${median(list.map((it) => it.perSecond)).toFixed(0)} req/s, ${median(list.map((it) => it.cpuUs)).toFixed(1)} us CPU, p99 ${median(list.map((it) => it.p99Ms))} ms, loop max ${median(list.map((it) => it.loopMaxMs)).toFixed(1)} ms`;
const ratioOf = (list: readonly Round[]): string =>
  median(list.map((it, n) => it.perSecond / (bare[n]?.perSecond ?? Number.NaN))).toFixed(2);
console.log(`accept, ${connections} connections, 1 KB, ${rounds} rounds of ${seconds} s (${machine()})`);
for (const [index, name] of names.entries())
  console.log(`  ${name.padEnd(11)} ${show(results[index] ?? [])}`);
console.log(`  PostgreSQL's own processes beside: ${median(databaseUs).toFixed(1)} us CPU a request`);
console.log(
  `  ratio of req/s to forgetful, median: embedded ${ratioOf(stored[0] ?? [])} (goal >= 0.50), PostgreSQL ${ratioOf(stored[1] ?? [])}`,
);
