import { newId } from "../src/kernel/id.ts";
import {
  credential,
  keptOf,
  newSecret,
  type CredentialValue,
} from "../src/planes/account/credentials/credential.ts";
import type { Engines } from "../src/registry/engines.ts";
import { plainChange } from "../src/registry/plain-change.ts";

const perCommit = 500;

/** Stores so many credentials that are alike, which no operation makes that many of; answers their ids, the first one first. */
export async function storeCredentials(
  { store, clock }: Pick<Engines, "store" | "clock">,
  workspace: string,
  {
    count,
    value,
  }: { readonly count: number; readonly value: Partial<CredentialValue> & Pick<CredentialValue, "kind"> },
): Promise<readonly string[]> {
  const records = Array.from({ length: count }, () => {
    const whole: CredentialValue = {
      name: "one of many",
      owner: "usr_nobody",
      ...keptOf(newSecret(value.kind)),
      scopes: [],
      environment: null,
      buckets: null,
      toolsets: [],
      expiresAt: null,
      revokedAt: null,
      ...value,
    };
    return plainChange({
      kind: credential.kind,
      id: newId(credential.prefix),
      value: whole,
      globalKeys: credential.globalKeys(whole),
      indexes: credential.indexes(whole),
    });
  });
  for (let at = 0; at < records.length; at += perCommit)
    await store.commit({
      workspace,
      at: clock.now(),
      actor: { kind: "system", id: "test" },
      operation: "test",
      records: records.slice(at, at + perCommit),
      entries: [],
      outbox: [],
      audit: null,
    });
  return records.map(({ id }) => id);
}
