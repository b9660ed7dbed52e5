import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios } from "../../../../test/scenario.ts";
import { storeCredentials } from "../../../../test/stored-credentials.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createManagementToken } from "./create-management-token.ts";
import { revokeCredential } from "./revoke-credential.ts";

scenarios(createManagementToken, [
  {
    name: "has the scopes that are chosen, and lists the tools that they are for",
    scopes: ["credentials:write", "endpoints:read", "changes:read"],
    input: { name: "ci", scopes: ["endpoints:read", "changes:read"] },
    gives: {
      kind: "management-token",
      scopes: ["endpoints:read", "changes:read"],
      toolsets: ["webhooks", "account"],
    },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "nobody hands on what they do not have",
    scopes: ["credentials:write"],
    input: { name: "ci", scopes: ["credentials:write", "endpoints:read"] },
    fails: { kind: "forbidden" },
    leaves: {},
  },
  {
    name: "a scope that no operation needs is refused where it stands",
    scopes: "all",
    input: { name: "ci", scopes: ["endpoints:read", "endpoints:reed"] },
    fails: { kind: "invalid", pointer: "/scopes/1" },
    leaves: {},
  },
  {
    name: "a token without a scope is good for nothing",
    scopes: "all",
    input: { name: "ci", scopes: [] },
    fails: { kind: "invalid", pointer: "/scopes" },
    leaves: {},
  },
]);

dryRunLeavesNothing(createManagementToken, { input: { name: "ci", scopes: ["endpoints:read"] } });

test("a workspace has at most 1,000 management tokens that are not revoked", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const create = () =>
      invoke(createManagementToken, { name: "agent", scopes: ["endpoints:read"] }, caller, world.engines);
    const value = { kind: "management-token", owner: "usr_somebody" } as const;
    const [oldest] = await storeCredentials(world.engines, workspace, { count: 1_000, value });
    await storeCredentials(world.engines, await world.newWorkspace(), { count: 1, value });
    await assert.rejects(create(), {
      kind: "quota_exceeded",
      message: "A workspace has at most 1000 management tokens that are not revoked.",
      detail: { hint: "Revoke those that are expired or no longer used: revoke_credential." },
    });
    await invoke(revokeCredential, { credentialId: oldest }, caller, world.engines);
    const [made, late] = await Promise.allSettled([create(), create()]);
    assert.deepEqual([made.status, late.status].toSorted(), ["fulfilled", "rejected"]);
  } finally {
    await world.close();
  }
});
