import type { Clock } from "../../kernel/clock.ts";
import type { DatabaseFile } from "../sqlite/database-file.ts";
import { historyDays } from "./store.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Each takes what is over at a time, and how many at most. A record goes after the last row of its history. */
const expiredEntries = `delete from entry where (workspace, collection, key) in
  (select workspace, collection, key from entry where expires_at <= ? order by expires_at limit ?)`;
const oldThings = [
  `delete from history where (workspace, kind, id, version) in
    (select workspace, kind, id, version from history where at < ? order by at limit ?)`,
  `delete from audit where seq in (select seq from audit where at < ? order by at limit ?)`,
  `delete from record where (kind, id) in
    (select kind, id from record where deleted_at < ?
      and not exists (select 1 from history where history.workspace = record.workspace
        and history.kind = record.kind and history.id = record.id)
      order by deleted_at limit ?)`,
];

/** Removes up to `limit` of what is over and returns how many. */
export function sweeper(file: DatabaseFile, clock: Clock): (limit: number) => number {
  const expired = file.sql.prepare(expiredEntries);
  const old = oldThings.map((statement) => file.sql.prepare(statement));
  return (limit) =>
    file.write(() => {
      const now = clock.now();
      let removed = Number(expired.run(now, Math.max(limit, 0)).changes);
      for (const statement of old) {
        removed += Number(statement.run(now - historyDays * dayMs, Math.max(limit - removed, 0)).changes);
      }
      return removed;
    });
}
