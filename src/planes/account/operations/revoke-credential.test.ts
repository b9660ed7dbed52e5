import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { authenticatorOf, bearing, callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createApiKey } from "./create-api-key.ts";
import { revokeCredential } from "./revoke-credential.ts";

const aKey: Scenario["given"] = (call) => call(createApiKey, { name: "laptop" });

scenarios(revokeCredential, [
  {
    name: "revokes a key at once",
    scopes: ["credentials:write"],
    given: aKey,
    input: ({ id }) => ({ credentialId: id }),
    gives: { name: "laptop", state: "revoked", revokedAt: "2026-11-20T12:00:00.000Z" },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "revoking a revoked key changes nothing but the audit",
    scopes: ["credentials:write"],
    given: async (call) =>
      call(revokeCredential, { credentialId: (await call(createApiKey, { name: "laptop" }))["id"] }),
    input: ({ id }) => ({ credentialId: id }),
    gives: { state: "revoked" },
    leaves: { audit: 1 },
  },
  {
    name: "an unknown key is not found",
    scopes: "all",
    input: { credentialId: "key_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/credentialId" },
    leaves: {},
  },
  {
    name: "an id has at most 100 characters",
    scopes: "all",
    input: { credentialId: "k".repeat(101) },
    fails: { kind: "invalid", pointer: "/credentialId" },
    leaves: {},
  },
]);

dryRunLeavesNothing(revokeCredential, { given: aKey, input: ({ id }) => ({ credentialId: id }) });

test("the revoked key is refused from the next request on, though it was in use; another workspace's key is not found", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const caller = callerOf(principalOf(await world.newWorkspace(), "all"));
    const stranger = callerOf(principalOf(await world.newWorkspace(), "all"));
    const { id, secret: key } = await invoke(createApiKey, { name: "laptop" }, caller, engines);
    const authenticate = await authenticatorOf(engines);
    const sent = bearing(`Bearer ${String(key)}`);
    await authenticate(sent);

    await assert.rejects(invoke(revokeCredential, { credentialId: id }, stranger, engines), {
      kind: "not_found",
    });
    await authenticate(sent);
    await invoke(revokeCredential, { credentialId: id }, caller, engines);
    await assert.rejects(authenticate(sent), { message: "This API key was revoked." });
  } finally {
    await world.close();
  }
});
