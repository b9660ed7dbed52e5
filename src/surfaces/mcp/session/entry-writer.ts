import type { Actor } from "../../../kernel/principal.ts";
import type { Engines } from "../../../registry/engines.ts";

export type EntryChange = Parameters<Engines["store"]["commit"]>[0]["entries"][number];

/** Whose entries are written, and for whom. */
export type Owner = { readonly workspace: string; readonly actor: Actor };

/** An entry that is removed. */
export function gone(collection: string, key: string, now: number): EntryChange {
  return { collection, key, value: null, expiresAt: now, mustBeNew: false };
}

/** Writes entries that belong to a connection: not audited, since they configure nothing. */
export async function writeEntries(
  { store, clock }: Pick<Engines, "store" | "clock">,
  { workspace, actor }: Owner,
  entries: readonly EntryChange[],
): Promise<void> {
  await store.commit({
    workspace,
    at: clock.now(),
    actor,
    operation: "mcp_session",
    records: [],
    entries,
    outbox: [],
    audit: null,
  });
}
