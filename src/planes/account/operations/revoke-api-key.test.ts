import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { bearing, callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { apiKeyAuthenticator } from "../authenticate.ts";
import { createApiKey } from "./create-api-key.ts";
import { revokeApiKey } from "./revoke-api-key.ts";

const aKey: Scenario["given"] = (call) => call(createApiKey, { name: "laptop" });

scenarios(revokeApiKey, [
  {
    name: "revokes a key at once",
    scopes: ["api-keys:write"],
    given: aKey,
    input: ({ id }) => ({ keyId: id }),
    gives: { name: "laptop", state: "revoked", revokedAt: "2026-11-20T12:00:00.000Z" },
    leaves: { api_key: 1, audit: 1, history: 1 },
  },
  {
    name: "revoking a revoked key changes nothing but the audit",
    scopes: ["api-keys:write"],
    given: async (call) =>
      call(revokeApiKey, { keyId: (await call(createApiKey, { name: "laptop" }))["id"] }),
    input: ({ id }) => ({ keyId: id }),
    gives: { state: "revoked" },
    leaves: { audit: 1 },
  },
  {
    name: "an unknown key is not found",
    scopes: "all",
    input: { keyId: "key_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/keyId" },
    leaves: {},
  },
  {
    name: "an id has at most 100 characters",
    scopes: "all",
    input: { keyId: "k".repeat(101) },
    fails: { kind: "invalid", pointer: "/keyId" },
    leaves: {},
  },
]);

dryRunLeavesNothing(revokeApiKey, { given: aKey, input: ({ id }) => ({ keyId: id }) });

test("the revoked key is refused from the next request on, though it was in use; another workspace's key is not found", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const caller = callerOf(principalOf(await world.newWorkspace(), "all"));
    const stranger = callerOf(principalOf(await world.newWorkspace(), "all"));
    const { id, key } = await invoke(createApiKey, { name: "laptop" }, caller, engines);
    const authenticate = apiKeyAuthenticator(engines);
    const sent = bearing(`Bearer ${String(key)}`);
    await authenticate(sent);

    await assert.rejects(invoke(revokeApiKey, { keyId: id }, stranger, engines), { kind: "not_found" });
    await authenticate(sent);
    await invoke(revokeApiKey, { keyId: id }, caller, engines);
    await assert.rejects(authenticate(sent), { message: "This API key was revoked." });
  } finally {
    await world.close();
  }
});
