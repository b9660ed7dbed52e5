import { loadavg } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Entry, Journal } from "../src/engines/traffic/traffic.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { benchExchange } from "./bench-exchange.ts";
import { postgresPlace, spentOn, sqlitePlace } from "./traffic-place.ts";
import { webhookContent } from "./webhook-content.ts";

/*
 * What committing costs without HTTP: entries of one exchange of 2.3 KB and one job, each awaited by its committer.
 * CPU of the whole process, of the main thread alone, and of the database's own processes, per entry; every round on a
 * new database.
 *
 *   node bench/journal.ts [rounds, default 5] [entries a round, default 20000] [sqlite or postgres, default sqlite]
 */
const rounds = Number(process.argv[2] ?? 5);
const entries = Number(process.argv[3] ?? 20_000);
const makePlace =
  { sqlite: sqlitePlace, postgres: postgresPlace }[process.argv[4] ?? "sqlite"] ?? sqlitePlace;
const endpoints = 50;
const contents = Array.from({ length: 2_000 }, () => webhookContent(wallClock.now()));

function entryOf(n: number): Entry {
  const subject = `ep_${String(n % endpoints).padStart(22, "0")}`;
  const facts = { verified: "true", bytes: 1_200, from: "192.0.2.1", type: "charge.succeeded" };
  const content = contents[n % contents.length] ?? webhookContent(wallClock.now());
  const event = benchExchange({ subject, path: `/in/endpoint-${n % endpoints}`, facts, ...content });
  const { id, workspace, receivedAt, startedAt: dueAt } = event;
  const about = { id, workspace, subject, receivedAt, lane: subject, key: null, dueAt, attempt: 0 };
  return {
    exchanges: [{ ...event, trace: id.slice(3) }],
    jobs: [{ ...about, name: "deliver", payload: "{}", exchange: id }],
  };
}

async function load(journal: Journal, committers: number): Promise<void> {
  let next = 0;
  const committer = async () => {
    while (next < entries) await journal.commit(entryOf(next++));
  };
  await Promise.all(Array.from({ length: committers }, committer));
}

type Round = {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly mainUs: number;
  readonly serverUs: number;
  readonly loopMaxMs: number;
};

async function round(committers: number): Promise<Round> {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const { seconds, cpuUs, mainUs, serverUs } = await spentOn(makePlace, async ({ journal }) => {
    loop.enable();
    await load(journal, committers);
    loop.disable();
  });
  return {
    perSecond: entries / seconds,
    cpuUs: cpuUs / entries,
    mainUs: mainUs / entries,
    serverUs: serverUs / entries,
    loopMaxMs: loop.max / 1e6,
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const load1 = loadavg()[0]?.toFixed(1);
for (const committers of [64, 256]) {
  const all: Round[] = [];
  for (let n = 0; n <= rounds; n++) all.push(await round(committers));
  // The first is the warm-up.
  const [, ...counted] = all;
  const of = (figure: keyof Round) => median(counted.map((it) => it[figure]));
  say(
    `${String(committers).padStart(4)} committers: ${of("perSecond").toFixed(0)} rows/s, ${of("cpuUs").toFixed(1)} us CPU each, of which ${of("mainUs").toFixed(1)} on the main thread, and ${of("serverUs").toFixed(1)} by the server; longest loop delay ${of("loopMaxMs").toFixed(1)} ms`,
  );
}
say(
  `load average ${load1} at the start, ${loadavg()[0]?.toFixed(1)} at the end; ${rounds} rounds of ${entries}`,
);
