import assert from "node:assert/strict";
import { test } from "node:test";
import { openPeopleWorld, stores } from "../../../../test/people-world.ts";
import { scenarios } from "../../../../test/scenario.ts";
import { storeCredentials } from "../../../../test/stored-credentials.ts";
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
    name: "revoked ones come last, though they are newer",
    scopes: ["credentials:read"],
    given: async (call) => {
      await call(createApiKey, { name: "old" });
      return call(revokeCredential, { credentialId: (await call(createApiKey, { name: "lost" }))["id"] });
    },
    input: { fields: ["name", "state"] },
    gives: {
      credentials: [
        { name: "old", state: "active" },
        { name: "lost", state: "revoked" },
      ],
      nextCursor: null,
    },
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

for (const on of stores)
  test(`over ${on}, what works is on the first page, and every page together has all, whatever was revoked since`, async () => {
    const world = await openPeopleWorld({ on });
    try {
      const { engines } = world;
      const workspace = await world.newWorkspace();
      const caller = callerOf(principalOf(workspace, "all"));
      const old = await invoke(createApiKey, { name: "old", expiresInDays: null }, caller, engines);
      world.clock.advance(1);
      const revoked = await storeCredentials(engines, workspace, {
        count: 1_100,
        value: { kind: "api-key", revokedAt: 1 },
      });
      const [token] = await storeCredentials(engines, workspace, { count: 1, value: { kind: "mcp-token" } });
      for (const input of [{}, { kind: "api-key" }]) {
        const seen: unknown[] = [];
        for (let cursor: unknown = null, n = 0; n === 0 || cursor !== null; n++) {
          const asked = { ...input, ...(cursor !== null && { cursor }) };
          const page = await invoke(listCredentials, asked, caller, engines);
          seen.push(...listCredentials.output.parse(page).credentials.map(({ id }) => id));
          cursor = page["nextCursor"];
        }
        const working = "kind" in input ? [old["id"]] : [token, old["id"]];
        assert.deepEqual(seen.slice(0, working.length), working);
        assert.deepEqual(new Set(seen), new Set([...working, ...revoked]));
        assert.equal(seen.length, working.length + revoked.length);
      }
    } finally {
      await world.close();
    }
  });
