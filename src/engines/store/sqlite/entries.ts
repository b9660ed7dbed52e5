import { z } from "zod";
import type { Clock } from "../../../kernel/clock.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { bounded, json } from "./column.ts";
import type { Entries, EntryChange } from "../store.ts";

const one = z.object({ value: json }).optional();
const many = z.array(z.object({ key: z.string(), value: json, expiresAt: z.number() }));

export function entryReader(file: DatabaseFile, clock: Clock): Entries {
  const get = file.sql.prepare(`select value from entry
    where workspace = ? and collection = ? and key = ? and expires_at > ?`);
  const list = file.sql.prepare(`select key, value, expires_at as expiresAt from entry
    where workspace = ? and collection = ? and expires_at > ? order by key limit ?`);
  return {
    get: async (workspace, collection, key) =>
      file.read(() => one.parse(get.get(workspace, collection, key, clock.now()))?.value),
    list: async (workspace, collection, limit) =>
      file.read(() => many.parse(list.all(workspace, collection, clock.now(), bounded(limit)))),
  };
}

/** Applies one entry change, within a transaction. */
export function entryWriter({ sql }: DatabaseFile, clock: Clock) {
  const live = sql.prepare(`select 1 from entry
    where workspace = ? and collection = ? and key = ? and expires_at > ?`);
  const put =
    sql.prepare(`insert into entry (workspace, collection, key, value, expires_at) values (?, ?, ?, ?, ?)
    on conflict do update set value = excluded.value, expires_at = excluded.expires_at`);
  const remove = sql.prepare(`delete from entry where workspace = ? and collection = ? and key = ?`);
  return (workspace: string, { collection, key, value, expiresAt, mustBeNew }: EntryChange): void => {
    if (mustBeNew && live.get(workspace, collection, key, clock.now()) !== undefined) {
      throw new Failure("conflict", `The ${collection} entry ${key} exists already.`, {
        hint: "Read it, or wait until it expires.",
      });
    }
    if (value === null) remove.run(workspace, collection, key);
    else put.run(workspace, collection, key, JSON.stringify(value), expiresAt);
  };
}
