import { fingerprint } from "../../../kernel/secret.ts";
import type { Engines } from "../../../registry/engines.ts";
import { isStale, readThrough } from "../../../registry/read-through.ts";
import { decodedRow } from "../../../registry/unit.ts";
import { credential, type CredentialRow } from "./credential.ts";

const cachedMax = 10_000;

/**
 * Finds a credential by its secret part. What was found is remembered by the SHA-256 of the secret until it changes, or
 * until changes made elsewhere may not have come for a while.
 *
 * @returns a function that throws Failure unavailable when the store does not answer
 */
export function storedCredentials({
  store,
}: Pick<Engines, "store">): (secret: string) => Promise<CredentialRow | undefined> {
  const known = new Map<string, CredentialRow>();
  let changes = 0;
  store.onChange((changed) => {
    const ids = new Set(changed.filter(({ kind }) => kind === credential.kind).map(({ id }) => id));
    if (ids.size === 0) return;
    changes++;
    for (const [hash, { id }] of known) if (ids.has(id)) known.delete(hash);
  });
  return async (secret) => {
    const hash = fingerprint(secret);
    const cached = isStale(store) ? undefined : known.get(hash);
    if (cached !== undefined) return cached;
    const changesBefore = changes;
    const stored = await readThrough(() => store.records.byGlobalKey(credential.kind, "hash", hash));
    if (stored === undefined) return undefined;
    const row = decodedRow(credential, stored);
    if (known.size >= cachedMax) known.clear();
    // It may have been read before a change that was told since, which nobody would tell again.
    if (changes === changesBefore) known.set(hash, row);
    return row;
  };
}
