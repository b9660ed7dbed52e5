import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { snapshotText } from "../history.ts";
import type { Step } from "../steps.ts";
import type { Commit } from "../store.ts";

/** Writes the row of one change, within a transaction. */
export function historyWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into history
    (workspace, kind, id, version, at, actor_kind, actor_id, operation, audit, before, after, restores)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  return ({ at, actor, operation, audit }: Commit, { change, before, after }: Step): void => {
    const { workspace, kind, id, version } = after.record;
    const what = [operation, audit?.id ?? null, snapshotText(before), snapshotText(after), change.restores];
    insert.run(workspace, kind, id, version, at, actor.kind, actor.id, ...what);
  };
}
