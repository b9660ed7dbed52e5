import type { Clock } from "../../../kernel/clock.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { entryExists } from "../entries.ts";
import type { EntryChange } from "../store.ts";

/** Applies one entry change, within a transaction. */
export function entryWriter({ sql }: DatabaseFile, clock: Clock) {
  const live = sql.prepare(`select 1 from entry
    where workspace = ? and collection = ? and key = ? and expires_at > ?`);
  const put =
    sql.prepare(`insert into entry (workspace, collection, key, value, expires_at) values (?, ?, ?, ?, ?)
    on conflict do update set value = excluded.value, expires_at = excluded.expires_at`);
  const remove = sql.prepare(`delete from entry where workspace = ? and collection = ? and key = ?`);
  return (workspace: string, change: EntryChange): void => {
    const { collection, key, value, expiresAt, mustBeNew } = change;
    if (mustBeNew && live.get(workspace, collection, key, clock.now()) !== undefined)
      throw entryExists(change);
    if (value === null) remove.run(workspace, collection, key);
    else put.run(workspace, collection, key, JSON.stringify(value), expiresAt);
  };
}
