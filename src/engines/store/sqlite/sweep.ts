import type { Clock } from "../../../kernel/clock.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { deletedDays, historyDays } from "../store.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** How long each is kept, and what removes those from before a moment, so many at most. */
const kept: readonly { readonly ms: number; readonly remove: string }[] = [
  {
    // Over at the moment itself, where the others are over after it.
    ms: -1,
    remove: `delete from entry where (workspace, collection, key) in
      (select workspace, collection, key from entry where expires_at < ? order by expires_at limit ?)`,
  },
  {
    ms: deletedDays * dayMs,
    remove: `delete from record where (kind, id) in
      (select kind, id from record where deleted_at < ? order by deleted_at limit ?)`,
  },
  {
    ms: historyDays * dayMs,
    remove: `delete from history where (workspace, kind, id, version) in
      (select workspace, kind, id, version from history where at < ? order by at limit ?)`,
  },
  {
    ms: historyDays * dayMs,
    remove: `delete from audit where seq in (select seq from audit where at < ? order by at limit ?)`,
  },
];

/** Removes up to `limit` of what is over and returns how many. */
export function sweeper(file: DatabaseFile, clock: Clock): (limit: number) => number {
  const removals = kept.map(({ ms, remove }) => ({ ms, statement: file.sql.prepare(remove) }));
  return (limit) =>
    file.write(() => {
      const now = clock.now();
      let removed = 0;
      for (const { ms, statement } of removals)
        removed += Number(statement.run(now - ms, Math.max(limit - removed, 0)).changes);
      return removed;
    });
}
