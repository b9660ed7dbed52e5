import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { databases, type Database } from "../src/engines/databases.ts";
import type { Sum } from "../src/engines/ledger/ledger.ts";
import { Histogram } from "../src/engines/stored/histogram.ts";
import type { Entry } from "../src/engines/traffic/traffic.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { newExchangeId } from "../src/kernel/id.ts";
import { Secret } from "../src/kernel/secret.ts";
import type { Summary } from "../src/kernel/summary.ts";
import { startPostgres } from "../test/postgres-server.ts";
import { benchExchange } from "./bench-exchange.ts";
import { childrenUs } from "./children-cpu.ts";
import { webhookContent } from "./webhook-content.ts";

/*
 * Exact figures of calls: what 50 summaries add to the commit of 100 records, what folding them takes, and sums over
 * 24 hours of a bucket that one agent has told every minute of 100 routes in 3 statuses, while others commit 100 records
 * and 50 summaries twenty times a second.
 *
 *   node bench/summaries.ts [sqlite or postgres, default sqlite] [calls a minute of the bucket, default 10000]
 */
const name = process.argv[2] === "postgres" ? "postgres" : "sqlite";
const callsPerMinute = Number(process.argv[3] ?? 10_000);
const [minuteMs, dayMs] = [60_000, 24 * 3_600_000];
const rounds = 8;
const commitsPerRound = 40;
const repeats = 30;
const commitEveryMs = 50;
const workspace = "ws_bench";
const now = wallClock.now();
const to = now - (now % minuteMs);
const from = to - dayMs;
const contents = Array.from({ length: 500 }, () => webhookContent(now));
const histogram = new Histogram();

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

type Place = { readonly database: Database; readonly serverUs: () => number; close(): Promise<void> };

async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-summaries-"));
  const server =
    name === "postgres"
      ? await startPostgres({ durable: true, settings: { shared_buffers: "1GB", max_wal_size: "4GB" } })
      : undefined;
  const url = server === undefined ? null : new Secret(await server.newDatabase());
  const log = (line: string): void => void process.stderr.write(`${line}\n`);
  const database = await databases[name]({ folder, url, clock: wallClock, version: "0.0.0", log });
  return {
    database,
    serverUs: () => (server === undefined ? 0 : childrenUs(server.pid)),
    async close() {
      await database.close();
      await server?.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

/** Summaries of one minute: so many routes, each in three statuses, together about so many calls. */
function minuteOf(at: number, bucket: string, routes: number, calls: number): Summary[] {
  const statuses = [
    [200, 0.9],
    [404, 0.08],
    [503, 0.02],
  ] as const;
  return Array.from({ length: routes }, (_, route) =>
    statuses.map(([status, share]): Summary => {
      const count = Math.max(1, Math.round((calls * share) / routes));
      histogram.clear();
      let durationMs = 0;
      for (let n = 0; n < count; n++) {
        const ms = Math.exp(Math.random() * 2 + (route % 5));
        durationMs += ms;
        histogram.add(ms);
      }
      const place = { workspace, environment: "production", bucket, at };
      const series = { method: "GET", route: `/api/v1/things-${route}/{id}`, status, outcome: "answered" };
      const bytes = { requestBytes: 200 * count, responseBytes: 2_000 * count };
      return { ...place, ...series, count, ...bytes, durationMs, durations: histogram.encode() };
    }),
  ).flat();
}

let batches = 0;

function batchOf(summaries: readonly Summary[]): Entry {
  const exchanges = Array.from({ length: 100 }, (_, n) => {
    const subject = `bk_${String(batches % 20).padStart(22, "0")}`;
    const content = contents[(batches * 100 + n) % contents.length] ?? webhookContent(now);
    const at = wallClock.now();
    return benchExchange({
      id: newExchangeId(at),
      workspace,
      plane: "traffic",
      kind: "request",
      subject,
      ...content,
    });
  });
  const unless = { key: `batch ${++batches}`, expiresAt: wallClock.now() + dayMs };
  return { exchanges, jobs: [], unless, ...(summaries.length > 0 && { summaries }) };
}

type Cost = { readonly us: number; readonly serverUs: number };

async function costOf({ serverUs }: Place, times: number, work: () => Promise<unknown>): Promise<Cost> {
  const [own, server] = [process.cpuUsage(), serverUs()];
  for (let n = 0; n < times; n++) await work();
  const { user, system } = process.cpuUsage(own);
  return { us: (user + system) / times, serverUs: (serverUs() - server) / times };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** In turns on one database, so that both meet the same machine. */
async function commitCosts(place: Place): Promise<void> {
  const { journal } = place.database.traffic;
  const some = minuteOf(to, "others", 17, 1_000).slice(0, 50);
  const costs: { readonly without: Cost; readonly beside: Cost }[] = [];
  for (let round = 0; round <= rounds; round++)
    costs.push({
      without: await costOf(place, commitsPerRound, () => journal.commit(batchOf([]))),
      beside: await costOf(place, commitsPerRound, () => journal.commit(batchOf(some))),
    });
  // The first is the warm-up.
  const counted = costs.slice(1);
  for (const [what, of] of [
    ["100 records", "without"],
    ["100 records and 50 summaries", "beside"],
  ] as const) {
    const [own, server] = [counted.map((it) => it[of].us), counted.map((it) => it[of].serverUs)];
    say(
      `  a commit of ${what}: ${median(own).toFixed(0)} us CPU, ${Math.min(...own).toFixed(0)} least, and ${median(server).toFixed(0)} by the server`,
    );
  }
}

async function rollAll({ ledger }: Database): Promise<void> {
  while ((await ledger.roll(50_000)) > 0);
}

async function fill(place: Place): Promise<void> {
  const { database } = place;
  await rollAll(database);
  const minutes = Array.from({ length: dayMs / minuteMs }, (_, n) => n);
  for (let first = 0; first < minutes.length; first += 96) {
    const some = minutes.slice(first, first + 96);
    await Promise.all(
      some.map((n) => {
        const summaries = minuteOf(from + n * minuteMs, "shop", 100, callsPerMinute);
        return database.traffic.journal.commit({ exchanges: [], jobs: [], summaries });
      }),
    );
    if (first + 96 < minutes.length) await rollAll(database);
  }
  const folding = await costOf(place, 1, () => rollAll(database));
  const each = (us: number) => (us / 96 / 1_000).toFixed(1);
  say(
    `  folding a flush of 300 summaries: ${each(folding.us)} ms CPU, ${each(folding.serverUs)} by the server`,
  );
}

async function asked(ledger: Database["ledger"], what: string, query: Sum): Promise<void> {
  const times: number[] = [];
  const groups = (await ledger.sum(query)).length;
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  for (let n = 0; n < repeats; n++) {
    const before = performance.now();
    await ledger.sum(query);
    times.push(performance.now() - before);
  }
  loop.disable();
  const [p50, least] = [median(times), Math.min(...times)];
  say(
    `  ${p50.toFixed(1).padStart(7)} ms median, ${least.toFixed(1)} least, loop p99 ${(loop.percentile(99) / 1e6).toFixed(1)}, max ${(loop.max / 1e6).toFixed(1)}: ${what}, ${groups} groups`,
  );
}

/** As the server does: commits at a steady rate, and a roll every 2 s. */
function working({ traffic, ledger }: Database): () => Promise<void> {
  const under = new Set<Promise<unknown>>();
  const keep = (work: Promise<unknown>) => {
    const kept = work.finally(() => under.delete(kept));
    under.add(kept);
  };
  const some = minuteOf(to, "others", 17, 1_000).slice(0, 50);
  const committing = setInterval(() => keep(traffic.journal.commit(batchOf(some))), commitEveryMs);
  const rolling = setInterval(() => keep(ledger.roll(50_000)), 2_000);
  return async () => {
    clearInterval(committing);
    clearInterval(rolling);
    await Promise.all(under);
  };
}

const place = await openPlace();
try {
  say(
    `summaries on ${name}, ${callsPerMinute} calls a minute (node ${process.version}, load average ${loadavg()[0]?.toFixed(1)})`,
  );
  await commitCosts(place);
  await fill(place);
  const { ledger } = place.database;
  const where = { buckets: ["shop"], from, to };
  // In the middle of hours and quarters at both ends.
  const ragged = { buckets: ["shop"], from: from + 7 * minuteMs, to: to - 8 * minuteMs };
  const questions: readonly (readonly [string, Omit<Sum, "workspace">])[] = [
    ["one bucket, 24 h in 15 min steps", { where, stepMs: 15 * minuteMs, by: [] }],
    ["the same by status class", { where, stepMs: 15 * minuteMs, by: ["class"] }],
    ["one bucket, 24 h in 1 min steps", { where, stepMs: minuteMs, by: [] }],
    ["all routes of a bucket, 24 h, by route", { where: ragged, by: ["route"] }],
    [
      "one route, 24 h in 15 min steps",
      { where, stepMs: 15 * minuteMs, by: [], only: ({ route }) => route.includes("-7/") },
    ],
  ];
  const stop = working(place.database);
  try {
    for (const [what, query] of questions) await asked(ledger, what, { workspace, ...query });
  } finally {
    await stop();
  }
  say(`  load average at the end ${loadavg()[0]?.toFixed(1)}; ${repeats} sums each`);
} finally {
  await place.close();
}
