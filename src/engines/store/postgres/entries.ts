import type { Query } from "../../postgres/database.ts";
import { entryExists } from "../entries.ts";
import type { Commit, EntryChange } from "../store.ts";

const live = `select 1 from entry
  where workspace = $1 and collection = $2 and key = $3 and expires_at > $4 for update`;
const remove = "delete from entry where workspace = $1 and collection = $2 and key = $3";
const put = `insert into entry (workspace, collection, key, value, expires_at) values ($1, $2, $3, $4, $5)
  on conflict (workspace, collection, key) do update set value = excluded.value, expires_at = excluded.expires_at
  where $6 or entry.expires_at <= $7 returning 1`;

/** Applies a commit's entry changes, within a transaction. */
export async function writeEntries(
  within: Query,
  { workspace, entries }: Commit,
  now: number,
): Promise<void> {
  // Two commits that meet in several entries take them in the same order, so neither waits for the other for ever.
  for (const entry of entries.toSorted((a, b) =>
    placeOf(a) < placeOf(b) ? -1 : Number(placeOf(a) > placeOf(b)),
  ))
    await writeEntry(within, workspace, entry, now);
}

function placeOf({ collection, key }: EntryChange): string {
  return `${collection} ${key}`;
}

async function writeEntry(within: Query, workspace: string, change: EntryChange, now: number): Promise<void> {
  const { collection, key, value, expiresAt, mustBeNew } = change;
  const place = [workspace, collection, key];
  if (value === null) {
    if (mustBeNew && (await within.query(live, [...place, now])).length > 0) throw entryExists(change);
    await within.query(remove, place);
    return;
  }
  const written = await within.query(put, [...place, JSON.stringify(value), expiresAt, !mustBeNew, now]);
  if (written.length === 0) throw entryExists(change);
}
