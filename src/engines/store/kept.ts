import { deletedDays, historyDays } from "./store.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** What a sweep removes, in this order: the rows of a table whose time is more than so long ago, by their key. */
export const kept: readonly {
  readonly table: string;
  readonly key: string;
  readonly time: string;
  readonly ms: number;
}[] = [
  // Over at the moment itself, where the others are over after it.
  { table: "entry", key: "workspace, collection, key", time: "expires_at", ms: -1 },
  { table: "record", key: "kind, id", time: "deleted_at", ms: deletedDays * dayMs },
  { table: "history", key: "workspace, kind, id, version", time: "at", ms: historyDays * dayMs },
  { table: "audit", key: "seq", time: "at", ms: historyDays * dayMs },
];

/** SQL that removes the oldest rows whose time is before the first `?`, at most as many as the second. */
export function removalOf({ table, key, time }: (typeof kept)[number]): string {
  return `delete from ${table} where (${key}) in
    (select ${key} from ${table} where ${time} < ? order by ${time} limit ?)`;
}
