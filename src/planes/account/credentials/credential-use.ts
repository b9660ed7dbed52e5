import type { Engines } from "../../../registry/engines.ts";
import type { CredentialRow } from "./credential.ts";

/** Entries by the id of a credential: when it was last used, and by which client. */
export const useCollection = "credential_use";

const recordedEveryMs = 60_000;
const keptMs = 400 * 24 * 3_600_000;
const rememberedMax = 10_000;
const clientLengthMax = 200;

/** Last use is a courtesy, noted at most once a minute: a call must not wait for it, nor fail because of it. */
export function credentialUses({
  store,
  clock,
  log,
}: Pick<Engines, "store" | "clock" | "log">): (
  row: Pick<CredentialRow, "id" | "workspace">,
  client: string,
) => void {
  const usedAt = new Map<string, number>();
  return ({ id, workspace }, client) => {
    const at = clock.now();
    if (at - (usedAt.get(id) ?? 0) < recordedEveryMs) return;
    if (usedAt.size >= rememberedMax) usedAt.clear();
    usedAt.set(id, at);
    const value = { at, client: client.slice(0, clientLengthMax) };
    const entry = { collection: useCollection, key: id, value, expiresAt: at + keptMs, mustBeNew: false };
    store
      .commit({
        workspace,
        at,
        actor: { kind: "key", id },
        operation: "credential_use",
        records: [],
        entries: [entry],
        outbox: [],
        audit: null,
      })
      .catch((error: unknown) => log(`last use of ${id} was not recorded: ${String(error)}`));
  };
}
