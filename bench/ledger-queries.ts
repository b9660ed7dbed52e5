import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Ledger } from "../src/engines/ledger/ledger.ts";
import { sqliteLedger } from "../src/engines/ledger/sqlite.ts";
import { contentBytes } from "../src/engines/stored/content.ts";
import { Names } from "../src/engines/sqlite/names.ts";
import { openTrafficFile } from "../src/engines/sqlite/traffic-file.ts";
import { wallClock } from "../src/kernel/clock.ts";

/*
 * Times the ledger's questions over exchanges of one day: half events, half attempts that end them, of 20 subjects,
 * with narrow contents. Prints medians of the whole way: main thread, reader thread and back.
 *
 *   node bench/ledger-queries.ts [exchanges, default 200000]
 */
const exchanges = Number(process.argv[2] ?? 200_000);
const subjects = 20;
const workspace = "ws_bench";
const dayMs = 24 * 3_600_000;
const from = Math.floor(wallClock.now() / dayMs) * dayMs - dayMs;
const repeats = 15;

const columns = [
  "id",
  "number",
  "workspace",
  "environment",
  "bucket",
  "plane",
  "kind",
  "subject",
  "parent",
  "started_at",
  "duration_ms",
  "method",
  "host",
  "path",
  "route",
  "status",
  "outcome",
  "attempt",
  "ending",
  "received_at",
  "content",
];

/** The ids of the events made, for looking them up. */
function fill(path: string): readonly string[] {
  const database = new DatabaseSync(path);
  database.exec("pragma synchronous = off; begin");
  const values = columns.map(() => "?");
  const { codeOf } = new Names(database);
  const insert = database.prepare(`insert into exchange (${columns.join()}) values (${values.join()})`);
  const ids: string[] = [];
  for (let i = 0; i < exchanges / 2; i++) {
    const at = from + Math.floor((i * dayMs * 2) / exchanges);
    const id = idOf(at);
    const failed = Math.random() < 0.05;
    const common = { at, subject: `ep_${String(Math.floor(Math.random() * subjects)).padStart(22, "0")}` };
    insert.run(...rowOf(codeOf, { ...common, id, number: i + 1 }));
    insert.run(...rowOf(codeOf, { ...common, id: idOf(at + 5), parent: id, failed }));
    ids.push(`ex_${id.toString("hex")}`);
  }
  database.exec("commit; pragma wal_checkpoint(truncate)");
  database.close();
  return ids;
}

const body = { bytes: randomBytes(20), size: 20, sha256: "", truncated: false };
const content = contentBytes({ request: { headers: [["x", "y"]], body }, response: null });

type Row = { id: Buffer; at: number; subject: string; number?: number; parent?: Buffer; failed?: boolean };

/** The values of `columns`; texts are stored as the ids of names. */
function rowOf(code: (text: string) => number, { id, at, subject, number, parent, failed }: Row) {
  const owner = [code(workspace), code("production"), code("default"), code("webhooks")];
  const request = [
    Math.exp(Math.random() * 6),
    code("POST"),
    "hooks.example",
    "/in/stripe",
    code("/in/:slug"),
  ];
  const of = (kind: string) => [id, number ?? null, ...owner, code(kind), code(subject), parent ?? null];
  if (parent === undefined)
    return [...of("event"), at, ...request, 200, code("accepted"), null, null, at, content];
  const [status, ending] = failed === true ? [503, code("failed")] : [200, code("delivered")];
  return [...of("attempt"), at + 5, ...request, status, ending, 1, ending, at, content];
}

/** A UUIDv7 of the millisecond, as its bytes. */
function idOf(at: number): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at, 0, 6);
  return bytes;
}

function questionsOf(
  ledger: Ledger,
  ids: readonly string[],
): Readonly<Record<string, () => Promise<unknown>>> {
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
    "next 100 in commit order": () => ledger.since(workspace, exchanges - 500, { limit: 100 }),
  };
}

async function medianMs(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i <= repeats; i++) {
    const before = performance.now();
    await ask();
    if (i > 0) times.push(performance.now() - before);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? 0;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const folder = await mkdtemp(join(tmpdir(), "sluice-ledger-queries-"));
try {
  const path = join(folder, "traffic.db");
  await (await openTrafficFile(path, wallClock)).close();
  const ids = fill(path);
  const file = await openTrafficFile(path, wallClock);
  const ledger = sqliteLedger(file, wallClock);
  const bytes = (await stat(path)).size;
  say(
    `${exchanges} exchanges, ${subjects} subjects, ${Math.round(bytes / exchanges)} bytes each with 40 of content`,
  );
  say(
    `load average at the start ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}; median of ${repeats}, ms`,
  );
  for (const [question, ask] of Object.entries(questionsOf(ledger, ids)))
    say(`${(await medianMs(ask)).toFixed(2).padStart(9)}  ${question}`);
  say(
    `load average at the end ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  );
  await ledger.close();
  await file.close();
} finally {
  await rm(folder, { recursive: true });
}
