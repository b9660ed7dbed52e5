import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import type { Condition, Ledger, Measure } from "../src/engines/ledger/ledger.ts";
import { wallClock } from "../src/kernel/clock.ts";
import {
  dayMs,
  deliver,
  deliverAll,
  rollAll,
  subjectOf,
  subjects,
  workspace,
  type LedgerPlace,
} from "./ledger-place.ts";
import { postgresLedgerPlace } from "./ledger-postgres.ts";
import { sqliteLedgerPlace } from "./ledger-sqlite.ts";

/*
 * Times the ledger's questions over exchanges of the days up to now: half events, half attempts that end them, of 20
 * subjects, with narrow contents. The whole way is timed: main thread, reader thread and back. Before, what it costs to
 * roll them all up, and what one more event costs: committed, ended and rolled up. On a machine that is shared the least
 * and the CPU say more than the median.
 *
 *   node bench/ledger-queries.ts [--database sqlite or postgres] [--exchanges 200000] [--days 1] [--ingest exchanges a second, 0]
 */
const { values } = parseArgs({
  options: {
    database: { type: "string", default: "sqlite" },
    exchanges: { type: "string", default: "200000" },
    days: { type: "string", default: "1" },
    ingest: { type: "string", default: "0" },
  },
});
const [exchanges, days, perSecond] = [Number(values.exchanges), Number(values.days), Number(values.ingest)];
/** A question is asked so often at the least, then until this time is over, but not more often than this. */
const repeats = { least: 15, ms: 1_000, most: 300 };
/** Before the first that counts: a server in use has its code compiled and its pages read. */
const warmUps = 10;
const hourMs = 3_600_000;
const answered5xx: Condition = { field: "status", atLeast: 500, atMost: 599 };
const now = wallClock.now();
const from = now - days * dayMs;

async function questionsOf(
  ledger: Ledger,
  ids: readonly string[],
): Promise<Readonly<Record<string, () => Promise<unknown>>>> {
  const near = (await ledger.position()) - 500;
  const subject = subjectOf(7);
  const of = { subjects: [subject], plane: "webhooks" } as const;
  const find = (where: object, limit = 50) => ledger.find({ workspace, where, limit });
  const any = () => ids[Math.floor(Math.random() * ids.length)] ?? "";
  const after = { startedAt: now - (days * dayMs) / 2, id: `ex_${"f".repeat(32)}` };
  return {
    "recent 50 of a subject": () => find(of),
    "recent 50 of a subject, no plane": () => find({ subjects: [subject] }),
    "50 in the middle of a subject": () => ledger.find({ workspace, where: of, limit: 50, after }),
    "recent 50 of a subject with content": () =>
      ledger.find({ workspace, where: of, limit: 50, content: true }),
    "recent 50 of a subject that answered 5xx": () => find({ ...of, statuses: [500, 502, 503] }),
    "recent 50 of a subject, condition 5xx (2.5 %)": () => find({ ...of, condition: answered5xx }),
    "recent 50 of a subject, condition 5xx and a path": () =>
      find({ ...of, condition: { all: [answered5xx, { field: "path", like: "/in/*" }] } }),
    "recent 50 of the workspace, condition 5xx": () => find({ condition: answered5xx }),
    "recent 50 events of a subject, delivered": () => find({ ...of, endings: ["delivered"] }),
    "recent 50 events of a subject, failed (5 %)": () => find({ ...of, endings: ["failed"] }),
    "recent 50 events of a subject, rejected (none)": () => find({ ...of, endings: ["rejected"] }),
    "recent 50 of the workspace": () => find({}),
    "get by id": () => ledger.get(workspace, { id: any() }),
    "get by number": () => ledger.get(workspace, { number: 1 + Math.floor(Math.random() * ids.length) }),
    "children of an event": () => ledger.children(workspace, any(), 50),
    "next 100 in commit order": () => ledger.since(workspace, near, { limit: 100 }),
    ...figuresOver(ledger, "24 h", now - dayMs),
    ...(days > 1 && figuresOver(ledger, `${days} days`, now - days * dayMs)),
  };
}

/** Ranges that begin in the middle of an hour and do not end, as those of the dashboard. */
function figuresOver(ledger: Ledger, range: string, since: number) {
  const subject = subjectOf(7);
  const measure = (where: Measure["where"], more: Partial<Measure> = {}) =>
    ledger.measure({ workspace, where: { ...where, from: since }, bySubject: false, ...more });
  const endings = (of?: readonly string[]) =>
    ledger.countStates({
      workspace,
      jobs: [],
      kinds: ["event"],
      ...(of && { subjects: of }),
      receivedFrom: since,
      receivedTo: Infinity,
    });
  return {
    [`percentiles per hour of a subject, ${range}`]: () =>
      measure({ subjects: [subject] }, { stepMs: hourMs }),
    [`percentiles per 10 minutes of a subject, ${range}, from rows`]: () =>
      measure({ subjects: [subject] }, { stepMs: hourMs / 6 }),
    [`percentiles of every subject, ${range}`]: () => measure({}, { bySubject: true }),
    [`percentiles per hour of everything, ${range}`]: () => measure({}, { stepMs: hourMs }),
    [`percentiles of everything that answered 503, ${range}, from rows`]: () => measure({ statuses: [503] }),
    [`endings of the events of a subject, ${range}`]: () => endings([subject]),
    [`endings of all events, ${range}`]: () => endings(),
  };
}

/** One line: how long the question takes, and how much CPU of the whole process, which others do not use up. */
async function asked(question: string, ask: () => Promise<unknown>): Promise<string> {
  for (let i = 0; i < warmUps; i++) await ask();
  const times: number[] = [];
  const startedAt = performance.now();
  const cpu = await cpuUs(1_000, async () => {
    while (
      times.length < repeats.least ||
      (times.length < repeats.most && performance.now() - startedAt < repeats.ms)
    ) {
      const before = performance.now();
      await ask();
      times.push(performance.now() - before);
    }
  });
  const sorted = times.toSorted((a, b) => a - b);
  const figures = [sorted[sorted.length >> 1] ?? 0, sorted[0] ?? 0, cpu / times.length];
  const shown = perSecond === 0 ? figures : figures.slice(0, 2);
  return `${shown.map((ms) => ms.toFixed(2).padStart(9)).join(" ")}  ${question}`;
}

/** CPU of the whole process that each of so many takes, in microseconds. */
async function cpuUs(count: number, work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

async function costs(place: LedgerPlace): Promise<void> {
  const events = 10_000;
  say(
    `${(await cpuUs(exchanges, () => rollAll(place))).toFixed(1)} us of CPU to roll up one of all exchanges`,
  );
  const committing = await cpuUs(events, () => deliverAll(place, events));
  const rolling = await cpuUs(events, () => rollAll(place));
  say(
    `${committing.toFixed(1)} us of CPU to commit one more event and its attempt, ${rolling.toFixed(1)} to roll them up`,
  );
}

type Ingest = { stop(): Promise<string> };

/** More are not begun: a machine that is slower than the rate asked for says so. */
const underWayMax = 1_000;

/** Delivers at a steady rate and rolls up every 2 s, as the server does; `stop` answers what came of it. */
function ingesting(place: LedgerPlace): Ingest {
  if (perSecond === 0) return { stop: async () => "nothing committed meanwhile" };
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  const under = new Set<Promise<unknown>>();
  const failed: unknown[] = [];
  const keep = (work: Promise<unknown>) => {
    const kept = work.catch((error: unknown) => failed.push(error)).finally(() => under.delete(kept));
    under.add(kept);
  };
  let sent = 0;
  const sending = setInterval(() => {
    const due = seconds() * (perSecond / 2);
    for (; sent < due && under.size < underWayMax; sent++) keep(deliver(place, sent));
  }, 10);
  const rolling = setInterval(() => keep(place.ledger.roll(50_000)), 2_000);
  return {
    async stop() {
      const rate = Math.round((sent * 2) / seconds());
      clearInterval(sending);
      clearInterval(rolling);
      await Promise.all(under);
      return `${rate} exchanges/s committed meanwhile, ${failed.length} commits or rolls failed`;
    },
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function load(): string {
  return loadavg()
    .map((average) => average.toFixed(1))
    .join(" ");
}

const databases = { sqlite: sqliteLedgerPlace, postgres: postgresLedgerPlace } as const;
const open = values.database === "postgres" ? databases.postgres : databases.sqlite;
const place = await open({ exchanges, from, to: now });
try {
  const { ledger, ids, bytes } = place;
  say(
    `${values.database}: ${exchanges} exchanges of ${days} days, ${subjects} subjects, ${Math.round(bytes / exchanges)} bytes each with 40 of content`,
  );
  await costs(place);
  const ingest = ingesting(place);
  say(`load average ${load()}; ms, of ${repeats.least} to ${repeats.most} each`);
  say(perSecond === 0 ? "   median     least       CPU" : "   median     least");
  for (const [question, ask] of Object.entries(await questionsOf(ledger, ids)))
    say(await asked(question, ask));
  say(`${await ingest.stop()}; load average at the end ${load()}`);
} finally {
  await place.close();
}
