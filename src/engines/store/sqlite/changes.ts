import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { jsonTexts } from "./column.ts";
import { historyWriter } from "./history.ts";
import type { Version } from "./history.ts";
import { keyWriter } from "./keys.ts";
import { recordColumns, recordRow } from "./records.ts";
import type { Commit, RecordChange, StoredRecord } from "../store.ts";

/** Applies the record changes of a commit, within a transaction, and returns what they made. */
export function changeWriter(file: DatabaseFile): (commit: Commit) => readonly StoredRecord[] {
  const put = recordPutter(file);
  const keys = keyWriter(file);
  const writeHistory = historyWriter(file);
  return (commit) => {
    refuseRepeats(commit.records);
    const made = commit.records.map((change) => {
      const { before, after } = put(commit, change);
      writeHistory(commit, { before, after, restores: change.restores });
      keys.free(after.record);
      return { change, record: after.record };
    });
    // All old keys are free before the first new one is taken, so records may swap keys.
    for (const { change, record } of made) {
      if (record.deletedAt === null) keys.take(change, record);
    }
    return made.map(({ record }) => record);
  };
}

const fingerprintsRow = z.object({ fingerprints: jsonTexts });
const versionRow = z.unknown().transform((row): Version => {
  return { record: recordRow.parse(row), fingerprints: fingerprintsRow.parse(row).fingerprints };
});

function recordPutter({ sql }: DatabaseFile) {
  const columns = `${recordColumns}, fingerprints`;
  const select = sql.prepare(`select ${columns} from record where kind = ? and id = ?`);
  const upsert = sql.prepare(`insert into record
    (workspace, kind, id, version, created_at, updated_at, deleted_at, value, secrets, fingerprints)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict do update set version = excluded.version, updated_at = excluded.updated_at,
      deleted_at = excluded.deleted_at, value = excluded.value, secrets = excluded.secrets,
      fingerprints = excluded.fingerprints
    returning ${columns}`);
  const remembered = sql.prepare(`select 1 from history where workspace = ? and kind = ? and id = ? limit 1`);
  return ({ workspace, at }: Commit, change: RecordChange) => {
    const { kind, id, expected, deletedAt } = change;
    const row = select.get(kind, id);
    const before = row === undefined ? undefined : versionRow.parse(row);
    refuseStale(workspace, change, before?.record);
    if (before === undefined && remembered.get(workspace, kind, id) !== undefined) throw taken(change);
    const content = [change.value, change.secrets, fingerprintsAfter(change, before)];
    const texts = content.map((part) => JSON.stringify(part));
    const createdAt = before?.record.createdAt ?? at;
    const made = upsert.get(workspace, kind, id, expected + 1, createdAt, at, deletedAt, ...texts);
    return { before, after: versionRow.parse(made) };
  };
}

/** Of the secrets there are after the change: what it says of them, or what was known before. */
function fingerprintsAfter(change: RecordChange, before: Version | undefined): Version["fingerprints"] {
  const known = { ...before?.fingerprints, ...change.fingerprints };
  return Object.fromEntries(Object.entries(known).filter(([name]) => Object.hasOwn(change.secrets, name)));
}

function refuseRepeats(changes: readonly RecordChange[]): void {
  const seen = new Set<string>();
  for (const { kind, id } of changes) {
    const name = `${kind} ${id}`;
    if (seen.has(name)) throw new Error(`A commit names ${name} twice.`);
    seen.add(name);
  }
}

function refuseStale(workspace: string, change: RecordChange, before: StoredRecord | undefined): void {
  const { kind, id, expected } = change;
  if (expected === 0) {
    if (before === undefined) return;
    throw taken(change);
  }
  const hint = "Read it again and decide on what it is now.";
  if (before === undefined || before.workspace !== workspace) {
    throw new Failure("conflict", `The ${kind} ${id} does not exist.`, { hint });
  }
  if (before.version === expected) return;
  const message = `The ${kind} ${id} was changed meanwhile: it is at version ${before.version}, not ${expected}.`;
  throw new Failure("conflict", message, { hint });
}

function taken({ kind, id }: RecordChange): Failure {
  const hint = "Use another id, or undo the deletion if it was deleted.";
  return new Failure("conflict", `The id ${id} of a new ${kind} is taken.`, { pointer: "/id", hint });
}
