import { z } from "zod";
import type { DatabaseFile } from "../sqlite/database-file.ts";
import { actorColumns, bounded, jsonObject } from "./column.ts";
import type { Change, Commit, StoredRecord } from "./store.ts";

const changeRows = z.array(
  z
    .object({
      kind: z.string(),
      id: z.string(),
      version: z.number(),
      at: z.number(),
      operation: z.string(),
      before: jsonObject.nullable(),
      after: jsonObject.nullable(),
      ...actorColumns,
    })
    .transform(({ actor_kind, actor_id, ...change }): Change => ({
      ...change,
      actor: { kind: actor_kind, id: actor_id },
    })),
);

export function historyReader(file: DatabaseFile) {
  const select = file.sql
    .prepare(`select kind, id, version, at, actor_kind, actor_id, operation, before, after
    from history where workspace = ? and kind = ? and id = ? order by version desc limit ?`);
  return (workspace: string, kind: string, id: string, limit: number): readonly Change[] =>
    file.read(() => changeRows.parse(select.all(workspace, kind, id, bounded(limit))));
}

/** A record at one version, and what its history may tell of its secrets. */
export type Version = {
  readonly record: StoredRecord;
  readonly fingerprints: Readonly<Record<string, string>>;
};

/** Writes the row of one change, within a transaction. */
export function historyWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into history
    (workspace, kind, id, version, at, actor_kind, actor_id, operation, before, after)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return ({ at, actor, operation }: Commit, before: Version | undefined, after: Version): void => {
    const { workspace, kind, id, version } = after.record;
    const what = [operation, shown(before), shown(after)];
    insert.run(workspace, kind, id, version, at, actor.kind, actor.id, ...what);
  };
}

function shown(version: Version | undefined): string | null {
  if (version === undefined || version.record.deletedAt !== null) return null;
  const marks = Object.entries(version.fingerprints).map(([name, fingerprint]) => [name, { fingerprint }]);
  return JSON.stringify({ ...version.record.value, ...Object.fromEntries(marks) });
}
