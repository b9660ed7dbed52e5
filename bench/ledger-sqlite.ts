import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sqliteLedger } from "../src/engines/ledger/sqlite.ts";
import { Names } from "../src/engines/sqlite/names.ts";
import { openTrafficFile } from "../src/engines/sqlite/traffic-file.ts";
import { wallClock } from "../src/kernel/clock.ts";
import {
  duration,
  narrowContent,
  subjectOf,
  subjects,
  workspace,
  type LedgerPlace,
  type LedgerTerms,
} from "./ledger-place.ts";

export async function sqliteLedgerPlace(terms: LedgerTerms): Promise<LedgerPlace> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-ledger-queries-"));
  const path = join(folder, "traffic.db");
  await (await openTrafficFile(path, wallClock)).close();
  const ids = fill(path, terms);
  const { size } = await stat(path);
  const file = await openTrafficFile(path, wallClock);
  const ledger = sqliteLedger(file, wallClock);
  return {
    ledger,
    ids,
    bytes: size,
    serverPid: null,
    commit: (exchange) => file.commit({ exchanges: [exchange], jobs: [] }),
    async close() {
      await ledger.close();
      await file.close();
      await rm(folder, { recursive: true });
    },
  };
}

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

/** Answers the ids of the events. */
function fill(path: string, { exchanges, from, to }: LedgerTerms): readonly string[] {
  const database = new DatabaseSync(path);
  database.exec("pragma synchronous = off; begin");
  const values = columns.map(() => "?");
  const { codeOf } = new Names(database);
  const insert = database.prepare(`insert into exchange (${columns.join()}) values (${values.join()})`);
  const ids: string[] = [];
  for (let i = 0; i < exchanges / 2; i++) {
    const at = from + Math.floor((i * (to - from) * 2) / exchanges);
    const id = idOf(at);
    const failed = Math.random() < 0.05;
    const common = { at, subject: subjectOf(Math.floor(Math.random() * subjects)) };
    insert.run(...rowOf(codeOf, { ...common, id, number: i + 1 }));
    insert.run(...rowOf(codeOf, { ...common, id: idOf(at + 5), parent: id, failed }));
    ids.push(`ex_${id.toString("hex")}`);
  }
  database.exec("commit; pragma wal_checkpoint(truncate)");
  database.close();
  return ids;
}

type Row = { id: Buffer; at: number; subject: string; number?: number; parent?: Buffer; failed?: boolean };

/** The values of `columns`; texts are stored as the ids of names. */
function rowOf(code: (text: string) => number, { id, at, subject, number, parent, failed }: Row) {
  const owner = [code(workspace), code("production"), code("default"), code("webhooks")];
  const request = [duration(), code("POST"), "hooks.example", "/in/stripe", code("/in/:slug")];
  const of = (kind: string) => [id, number ?? null, ...owner, code(kind), code(subject), parent ?? null];
  if (parent === undefined)
    return [...of("event"), at, ...request, 200, code("accepted"), null, null, at, narrowContent];
  const [status, ending] = failed === true ? [503, code("failed")] : [200, code("delivered")];
  return [...of("attempt"), at + 5, ...request, status, ending, 1, ending, at, narrowContent];
}

/** A UUIDv7 of the millisecond, as its bytes. */
function idOf(at: number): Buffer {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(at, 0, 6);
  return bytes;
}
