import { loadavg } from "node:os";
import type { Ledger } from "../src/engines/ledger/ledger.ts";
import { wallClock } from "../src/kernel/clock.ts";
import { postgresBench } from "./ledger-postgres.ts";
import { sqliteBench } from "./ledger-sqlite.ts";
import { workspace, type BenchLedger, type BenchTerms } from "./ledger-terms.ts";

/*
 * Times the ledger's questions over exchanges of some days, of which the last is asked about: half events, half attempts
 * that end them, of 20 subjects, with narrow contents. Prints medians, and the least, of the whole way: main thread,
 * reader thread or server, and back.
 *
 *   node bench/ledger-queries.ts [sqlite or postgres] [exchanges, default 200000] [days, default 1]
 */
const engines: Readonly<Record<string, (terms: BenchTerms) => Promise<BenchLedger>>> = {
  sqlite: sqliteBench,
  postgres: postgresBench,
};
const [engine = "sqlite", exchangesText = "200000", daysText = "1"] = process.argv.slice(2);
const [exchanges, days] = [Number(exchangesText), Number(daysText)];
const subjects = 20;
const dayMs = 24 * 3_600_000;
/** The last day. */
const from = Math.floor(wallClock.now() / dayMs) * dayMs - dayMs;
const repeats = 15;

type Questions = Readonly<Record<string, () => Promise<unknown>>>;

async function questionsOf(ledger: Ledger, ids: readonly string[]): Promise<Questions> {
  const near = (await ledger.position()) - 500;
  const subject = `ep_${"7".padStart(22, "0")}`;
  const of = { subjects: [subject], plane: "webhooks" } as const;
  const day = { from, to: from + dayMs };
  const find = (where: object, limit = 50) => ledger.find({ workspace, where, limit });
  const any = () => ids[Math.floor(Math.random() * ids.length)] ?? "";
  const minutes = { stepMs: 60_000, bySubject: false };
  const after = { startedAt: from + dayMs / 2, id: `ex_${"f".repeat(32)}` };
  return {
    "recent 50 of a subject": () => find(of),
    "recent 50 of a subject, no plane": () => find({ subjects: [subject] }),
    "50 in the middle of a subject": () => ledger.find({ workspace, where: of, limit: 50, after }),
    "recent 50 of a subject with content": () =>
      ledger.find({ workspace, where: of, limit: 50, content: true }),
    "recent 50 of a subject that answered 5xx": () => find({ ...of, statuses: [500, 502, 503] }),
    "recent 50 events of a subject, delivered": () => find({ ...of, endings: ["delivered"] }),
    "recent 50 events of a subject, failed (5 %)": () => find({ ...of, endings: ["failed"] }),
    "recent 50 events of a subject, rejected (none)": () => find({ ...of, endings: ["rejected"] }),
    "recent 50 of the workspace": () => find({}),
    "get by id": () => ledger.get(workspace, { id: any() }),
    "get by number": () => ledger.get(workspace, { number: 1 + Math.floor(Math.random() * ids.length) }),
    "children of an event": () => ledger.children(workspace, any(), 50),
    "percentiles per minute of a subject, 24 h": () =>
      ledger.measure({ workspace, where: { subjects: [subject], ...day }, ...minutes }),
    "same, of one plane": () => ledger.measure({ workspace, where: { ...of, ...day }, ...minutes }),
    "percentiles of every subject, 24 h": () => ledger.measure({ workspace, where: day, bySubject: true }),
    "percentiles per minute of everything, 24 h": () => ledger.measure({ workspace, where: day, ...minutes }),
    "endings of the events of a subject, 24 h": () =>
      ledger.countEndings({
        workspace,
        kinds: ["event"],
        subjects: [subject],
        receivedFrom: from,
        receivedTo: from + dayMs,
      }),
    "endings of all events, 24 h": () =>
      ledger.countEndings({ workspace, kinds: ["event"], receivedFrom: from, receivedTo: from + dayMs }),
    "next 100 in commit order": () => ledger.since(workspace, near, { limit: 100 }),
  };
}

/** The median and the least. */
async function timesMs(ask: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const before = performance.now();
    await ask();
    if (i > 0) times.push(performance.now() - before);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return [sorted[Math.floor(repeats / 2)] ?? 0, sorted[0] ?? 0];
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const open = engines[engine];
if (open === undefined) throw new Error(`There is no engine ${engine}.`);
const { ledger, ids, bytes, close } = await open({
  exchanges,
  subjects,
  from: from - (days - 1) * dayMs,
  to: from + dayMs,
});
const load = () =>
  loadavg()
    .map((average) => average.toFixed(1))
    .join(" ");
try {
  say(
    `${engine}: ${exchanges} exchanges of ${days} days, ${subjects} subjects, ${Math.round(bytes / exchanges)} bytes each with 40 of content`,
  );
  say(`load average at the start ${load()}; median and least of ${repeats}, ms`);
  for (const [question, ask] of Object.entries(await questionsOf(ledger, ids)))
    say(`${(await timesMs(ask)).map((ms) => ms.toFixed(2).padStart(9)).join("")}  ${question}`);
  say(`load average at the end ${load()}`);
} finally {
  await close();
}
