import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "../../../../test/scenario.ts";
import { authenticatorOf, bearing, callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createApiKey } from "./create-api-key.ts";
import { listCredentials } from "./list-credentials.ts";
import { revokeCredential } from "./revoke-credential.ts";

scenarios(listCredentials, [
  {
    name: "a workspace without keys has an empty list",
    scopes: ["credentials:read"],
    input: {},
    gives: { credentials: [] },
    leaves: {},
  },
  {
    name: "lists a key with its state, and without the key",
    scopes: ["credentials:read"],
    given: (call) => call(createApiKey, { name: "laptop", expiresInDays: 30 }),
    input: {},
    gives: {
      credentials: [
        { name: "laptop", state: "active", expiresAt: "2026-12-20T12:00:00.000Z", lastUsedAt: null },
      ],
    },
    leaves: {},
  },
  {
    name: "a revoked key stays listed",
    scopes: ["credentials:read"],
    given: async (call) =>
      call(revokeCredential, { credentialId: (await call(createApiKey, { name: "lost" }))["id"] }),
    input: {},
    gives: { credentials: [{ name: "lost", state: "revoked", revokedAt: "2026-11-20T12:00:00.000Z" }] },
    leaves: {},
  },
  {
    name: "there are no pages",
    scopes: "all",
    input: { limit: 10 },
    fails: { kind: "invalid", pointer: "/limit" },
    leaves: {},
  },
]);

test("a key tells when it was last used and by what, and when it has expired", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const workspace = await world.newWorkspace();
    const other = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const made = await invoke(createApiKey, { name: "laptop", expiresInDays: 30 }, caller, engines);
    await invoke(createApiKey, { name: "theirs" }, callerOf(principalOf(other, "all")), engines);
    const authenticate = await authenticatorOf(engines);
    const sent = { ...bearing(`Bearer ${String(made["secret"])}`), client: "curl/8" };
    await authenticate(sent);

    const used = await invoke(listCredentials, {}, caller, engines);
    assert.partialDeepStrictEqual(used, {
      credentials: [{ id: made["id"], lastUsedAt: "2026-11-20T12:00:00.000Z", lastUsedBy: "curl/8" }],
    });
    assert.doesNotMatch(JSON.stringify(used), new RegExp(String(made["secret"]).slice(7)));
    assert.doesNotMatch(JSON.stringify(used), /theirs/);

    world.clock.advance(30 * 24 * 3_600_000);
    const later = await invoke(listCredentials, {}, caller, engines);
    assert.partialDeepStrictEqual(later, { credentials: [{ state: "expired" }] });
    await assert.rejects(authenticate(sent), {
      message: "This API key has expired.",
    });
  } finally {
    await world.close();
  }
});
