import { z } from "zod";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { actorColumns, bounded, json } from "./column.ts";
import type { Change, Commit, Snapshot, StoredRecord } from "../store.ts";

const snapshot = json
  .pipe(
    z.object({ value: z.record(z.string(), z.unknown()), fingerprints: z.record(z.string(), z.string()) }),
  )
  .nullable();

const changeRows = z.array(
  z
    .object({
      kind: z.string(),
      id: z.string(),
      version: z.number(),
      at: z.number(),
      operation: z.string(),
      before: snapshot,
      after: snapshot,
      restores: z.number().nullable(),
      audit: z.string().nullable(),
      ...actorColumns,
    })
    .transform(({ actor_kind, actor_id, ...change }): Change => ({
      ...change,
      actor: { kind: actor_kind, id: actor_id },
    })),
);

const columns = "kind, id, version, at, actor_kind, actor_id, operation, before, after, restores, audit";

export function historyReader(file: DatabaseFile) {
  const ofRecord = file.sql.prepare(`select ${columns} from history
    where workspace = ? and kind = ? and id = ? order by version desc limit ?`);
  const ofAudit = file.sql.prepare(`select ${columns} from history
    where workspace = ? and audit = ? order by kind, id`);
  return {
    ofRecord: (workspace: string, kind: string, id: string, limit: number): readonly Change[] =>
      file.read(() => changeRows.parse(ofRecord.all(workspace, kind, id, bounded(limit)))),
    ofAudit: (workspace: string, audit: string): readonly Change[] =>
      file.read(() => changeRows.parse(ofAudit.all(workspace, audit))),
  };
}

export type HistoryReader = ReturnType<typeof historyReader>;

/** A record at one version, and what its history may tell of its secrets. */
export type Version = {
  readonly record: StoredRecord;
  readonly fingerprints: Readonly<Record<string, string>>;
};

/** Writes the row of one change, within a transaction. */
export function historyWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into history
    (workspace, kind, id, version, at, actor_kind, actor_id, operation, audit, before, after, restores)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return ({ at, actor, operation, audit }: Commit, { before, after, restores }: Step): void => {
    const { workspace, kind, id, version } = after.record;
    const what = [operation, audit?.id ?? null, shown(before), shown(after), restores];
    insert.run(workspace, kind, id, version, at, actor.kind, actor.id, ...what);
  };
}

/** One change, as history keeps it. */
export type Step = {
  readonly before: Version | undefined;
  readonly after: Version;
  readonly restores: number | null;
};

function shown(version: Version | undefined): string | null {
  if (version === undefined || version.record.deletedAt !== null) return null;
  const { record, fingerprints } = version;
  return JSON.stringify({ value: record.value, fingerprints } satisfies Snapshot);
}
