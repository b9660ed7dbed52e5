import type { StoredRecord } from "../store.ts";

/** Records told last, whose versions are remembered. */
const rememberedMax = 10_000;

/**
 * A commit is told by the process that made it at once, and found by the feed once more; and two answers of the database
 * may arrive in another order than it gave them. This lets through what is newer than what was told.
 */
export function toldVersions(): (changed: readonly StoredRecord[]) => readonly StoredRecord[] {
  const versions = new Map<string, number>();
  return (changed) =>
    changed.filter(({ kind, id, version }) => {
      const name = `${kind} ${id}`;
      if ((versions.get(name) ?? 0) >= version) return false;
      versions.delete(name);
      const [oldest] = versions.keys();
      if (versions.size >= rememberedMax && oldest !== undefined) versions.delete(oldest);
      versions.set(name, version);
      return true;
    });
}
