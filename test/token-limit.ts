import assert from "node:assert/strict";
import { revokeCredential } from "../src/planes/account/operations/revoke-credential.ts";
import { invoke } from "../src/registry/invoke.ts";
import type { Operation } from "../src/registry/operation.ts";
import { storeCredentials } from "./stored-credentials.ts";
import { callerOf, openWorld, principalOf } from "./world.ts";

/** Of these tokens a workspace has 1,000 that are not revoked, and of two made at once for the last place one is refused. */
export async function atMostThousand(
  create: Operation,
  input: object,
  { kind, title }: { readonly kind: "mcp-token" | "management-token"; readonly title: string },
): Promise<void> {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const made = () => invoke(create, input, caller, world.engines);
    const value = { kind, owner: "usr_somebody" } as const;
    const [oldest] = await storeCredentials(world.engines, workspace, { count: 1_000, value });
    await storeCredentials(world.engines, await world.newWorkspace(), { count: 1, value });
    await assert.rejects(made(), {
      kind: "quota_exceeded",
      message: `A workspace has at most 1000 ${title}s that are not revoked.`,
      detail: { hint: "Revoke those that are expired or no longer used: revoke_credential." },
    });
    await invoke(revokeCredential, { credentialId: oldest }, caller, world.engines);
    const [one, other] = await Promise.allSettled([made(), made()]);
    assert.deepEqual([one.status, other.status].toSorted(), ["fulfilled", "rejected"]);
  } finally {
    await world.close();
  }
}
