// What handing out jobs costs: due jobs of many lanes are claimed in batches and each is ended with its attempt, by one
// process, on both databases. CPU of the whole process, and of PostgreSQL's own, per job; every round on a new database.
//
//   node bench/claims.ts [rounds, default 5] [jobs a round, default 20000]
import { benchExchange } from "./bench-exchange.ts";
import { machine, median } from "./bench-server.ts";
import type { Job, Traffic } from "../src/engines/traffic/traffic.ts";
import { postgresPlace, sqlitePlace, type TrafficPlace } from "./traffic-place.ts";

const rounds = Number(process.argv[2] ?? 5);
const jobs = Number(process.argv[3] ?? 20_000);
const lanes = 50;
const batch = 64;
const leaseMs = 60_000;

async function fill({ journal }: Traffic): Promise<void> {
  const one = (n: number) => {
    const lane = `ep_${String(n % lanes).padStart(22, "0")}`;
    const event = benchExchange({ subject: lane });
    const { id, workspace, startedAt, receivedAt } = event;
    const about = { workspace, subject: lane, receivedAt, lane, key: null, dueAt: startedAt, attempt: 0 };
    const job = { ...about, id, name: "deliver", payload: "{}", exchange: id };
    return journal.commit({ exchanges: [event], jobs: [job] });
  };
  for (let n = 0; n < jobs; n += 1_000)
    await Promise.all(Array.from({ length: Math.min(1_000, jobs - n) }, (_, of) => one(n + of)));
}

function end({ journal }: Traffic, job: Job): Promise<unknown> {
  const attempt = benchExchange({
    subject: job.subject,
    kind: "attempt",
    parent: job.exchange,
    attempt: 1,
    outcome: "delivered",
    ending: "delivered",
    receivedAt: job.receivedAt,
  });
  const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
  return journal.commit({ exchanges: [attempt], jobs: [], finish });
}

type Round = {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly serverUs: number;
  /** Waited for a batch. */
  readonly claimMs: number;
};

async function round({ open, serverUs, remove }: TrafficPlace): Promise<Round> {
  const traffic = await open();
  await fill(traffic);
  const waits: number[] = [];
  const [started, server, cpu] = [performance.now(), serverUs(), process.cpuUsage()];
  const ending = new Set<Promise<unknown>>();
  for (let claimed = 0; claimed < jobs;) {
    const before = performance.now();
    const some = await traffic.queue.claim(["deliver"], batch, leaseMs);
    if (some.length > 0) waits.push(performance.now() - before);
    claimed += some.length;
    for (const job of some) {
      const one = end(traffic, job).finally(() => ending.delete(one));
      ending.add(one);
    }
    // Lanes give out ten at a time: when all are out, one has to end first.
    if (some.length < batch) await Promise.race(ending);
  }
  await Promise.all(ending);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - started) / 1_000;
  const byServer = serverUs() - server;
  await traffic.close();
  await remove();
  return {
    perSecond: jobs / seconds,
    cpuUs: (user + system) / jobs,
    serverUs: byServer / jobs,
    claimMs: median(waits),
  };
}

console.log(`claims, ${lanes} lanes, batches of ${batch}, ${rounds} rounds of ${jobs} jobs (${machine()})`);
for (const [name, place] of [
  ["embedded", sqlitePlace],
  ["PostgreSQL", postgresPlace],
] as const) {
  const all: Round[] = [];
  for (let n = 0; n <= rounds; n++) all.push(await round(await place()));
  // The first is the warm-up.
  const of = (figure: keyof Round): number => median(all.slice(1).map((it) => it[figure]));
  console.log(
    `  ${name.padEnd(11)} ${of("perSecond").toFixed(0)} jobs/s claimed and ended, ${of("cpuUs").toFixed(1)} us CPU each, and ${of("serverUs").toFixed(1)} by PostgreSQL; a batch after ${of("claimMs").toFixed(2)} ms`,
  );
}
