import type { Store, StoredRecord } from "../engines/store/store.ts";

const pageSize = 1_000;

/**
 * Tells `apply` every live record of a kind and then every change of one, in an order in which the last word about a
 * record is its newest: what is kept of them in memory is as old as the store's feed. Resolves when all were told.
 */
export async function liveRecords(
  { records, onChange }: Pick<Store, "records" | "onChange">,
  kind: string,
  apply: (stored: StoredRecord) => void,
): Promise<void> {
  const told = new Set<string>();
  let loading = true;
  onChange((changed) => {
    for (const stored of changed) {
      if (stored.kind !== kind) continue;
      if (loading) told.add(stored.id);
      apply(stored);
    }
  });
  let after: string | undefined;
  do {
    const page = await records.every(kind, { limit: pageSize, ...(after !== undefined && { after }) });
    // What was told meanwhile is newer than the page, or just as new.
    for (const stored of page) if (!told.has(stored.id)) apply(stored);
    after = page.length === pageSize ? page.at(-1)?.id : undefined;
  } while (after !== undefined);
  loading = false;
  told.clear();
}
