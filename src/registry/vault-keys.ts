import { Failure } from "../kernel/failure.ts";
import { Secret } from "../kernel/secret.ts";
import type { Engines } from "./engines.ts";
import { plainChange } from "./plain-change.ts";
import { secretOwner } from "./resource.ts";

/** The record stands apart from all workspaces. */
const place = { workspace: "server", kind: "vault_keys", id: "vault_keys" };
const knownText = "sealed by a server of this database";
const triesMax = 10;

/**
 * Sees to it that all servers of one database can open what each of them seals. Each key that one seals with leaves a
 * known text in the store, sealed by it; who starts has to open them all.
 *
 * @throws Failure invalid that names the key this server lacks; Failure unavailable when the store cannot be used
 */
export async function verifyKeys({
  store,
  vault,
  clock,
}: Pick<Engines, "store" | "vault" | "clock">): Promise<void> {
  for (let tries = 1; ; tries++) {
    const stored = await store.records.get(place.workspace, place.kind, place.id);
    const sealed = stored?.secrets ?? {};
    for (const [key, text] of Object.entries(sealed))
      refuseUnopened(key, () => vault.open(text, ownerOf(key)));
    if (Object.hasOwn(sealed, vault.key)) return;
    const own = vault.seal(new Secret(knownText), ownerOf(vault.key));
    try {
      await store.commit({
        workspace: place.workspace,
        at: clock.now(),
        actor: { kind: "system", id: "first-start" },
        operation: "use_vault_key",
        records: [
          plainChange({
            kind: place.kind,
            id: place.id,
            expected: stored?.version ?? 0,
            secrets: { ...sealed, [vault.key]: own },
          }),
        ],
        entries: [],
        outbox: [],
        audit: null,
      });
      return;
    } catch (error) {
      const moved = error instanceof Failure && error.kind === "conflict";
      // Another server started at the same moment: what it left has to be opened too.
      if (!moved || tries === triesMax) throw error;
    }
  }
}

function ownerOf(key: string): string {
  return secretOwner(place.workspace, place.kind, place.id, key);
}

function refuseUnopened(key: string, open: () => Secret): void {
  try {
    if (open().reveal() === knownText) return;
  } catch {
    // Which of the reasons it was makes no difference to who has to find the key.
  }
  throw new Failure(
    "invalid",
    `Secrets in this database are sealed by the key ${key}, which this server lacks.`,
    {
      hint: "Give it the keys of the servers that work: the text of their file `keys` in SLUICE_VAULT_KEYS, or the file itself in its SLUICE_DATA_DIR.",
    },
  );
}
