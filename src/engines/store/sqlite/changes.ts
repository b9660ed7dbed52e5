import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { countOf, versionColumns, versionOf, type Version } from "../records.ts";
import { refuseOver, refuseRepeats, refuseStale, stepOf, type Step } from "../steps.ts";
import type { Commit, RecordChange, StoredRecord } from "../store.ts";
import { historyWriter } from "./history.ts";
import { keyWriter } from "./keys.ts";

/** Applies the record changes of a commit, within a transaction, and returns what they made. */
export function changeWriter(file: DatabaseFile): (commit: Commit) => readonly StoredRecord[] {
  const stored = recordReader(file);
  const put = recordPutter(file, stored);
  const keys = keyWriter(file);
  const writeHistory = historyWriter(file);
  return (commit) => {
    refuseRepeats(commit.records);
    for (const hold of commit.holds ?? []) refuseStale(commit.workspace, hold, stored(hold));
    const steps = commit.records.map((change) => {
      const step = put(commit, change);
      writeHistory(commit, step);
      keys.free(step.after.record);
      return step;
    });
    // All old keys are free before the first new one is taken, so records may swap keys.
    for (const { change, after } of steps) {
      if (change.deletedAt === null) keys.take(change, after.record);
    }
    for (const limit of commit.limits ?? []) {
      const [sql, ...values] = countOf(commit.workspace, limit.kind, limit.where);
      refuseOver(limit, Number(file.sql.prepare(sql).get(...values)?.["live"]));
    }
    return steps.map(({ after }) => after.record);
  };
}

type Stored = (record: Pick<RecordChange, "kind" | "id">) => Version | undefined;

function recordReader({ sql }: DatabaseFile): Stored {
  const select = sql.prepare(`select ${versionColumns} from record where kind = ? and id = ?`);
  return ({ kind, id }) => {
    const row = select.get(kind, id);
    return row === undefined ? undefined : versionOf(row);
  };
}

function recordPutter({ sql }: DatabaseFile, stored: Stored) {
  const upsert = sql.prepare(`insert into record
    (workspace, kind, id, version, created_at, updated_at, deleted_at, value, secrets, fingerprints)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict do update set version = excluded.version, updated_at = excluded.updated_at,
      deleted_at = excluded.deleted_at, value = excluded.value, secrets = excluded.secrets,
      fingerprints = excluded.fingerprints`);
  const remembered = sql.prepare(`select 1 from history where workspace = ? and kind = ? and id = ? limit 1`);
  return (commit: Commit, change: RecordChange): Step => {
    const { kind, id } = change;
    const step = stepOf(commit, change, {
      before: stored(change),
      remembered: remembered.get(commit.workspace, kind, id) !== undefined,
    });
    const { record, fingerprints } = step.after;
    const { workspace, version, createdAt, updatedAt, deletedAt } = record;
    const texts = [record.value, record.secrets, fingerprints].map((part) => JSON.stringify(part));
    upsert.run(workspace, kind, id, version, createdAt, updatedAt, deletedAt, ...texts);
    return step;
  };
}
