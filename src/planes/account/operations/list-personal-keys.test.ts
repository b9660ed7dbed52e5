import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalFor } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createPersonalKey } from "./create-personal-key.ts";
import { listPersonalKeys } from "./list-personal-keys.ts";
import { revokePersonalKey } from "./revoke-personal-key.ts";

scenarios(listPersonalKeys, [
  {
    name: "lists the keys of whoever asks",
    scopes: [],
    given: (call) => call(createPersonalKey, { name: "laptop" }),
    input: {},
    gives: { personalKeys: [{ name: "laptop", state: "active", lastUsedAt: null }] },
    leaves: {},
  },
]);

scenarios(revokePersonalKey, [
  {
    name: "revokes a key at once",
    scopes: [],
    given: (call) => call(createPersonalKey, { name: "laptop" }),
    input: ({ id }) => ({ credentialId: id }),
    gives: { name: "laptop", state: "revoked" },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "an unknown key is not found",
    scopes: [],
    input: { credentialId: "key_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/credentialId" },
    leaves: {},
  },
]);

test("another person's key is not listed, and is not found when it is to be revoked", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const as = async (): Promise<ReturnType<typeof callerOf>> =>
      callerOf(principalFor(listPersonalKeys, await world.newWorkspace(), []));
    const [one, other] = [await as(), await as()];
    const { id } = await invoke(createPersonalKey, { name: "laptop" }, one, engines);
    assert.deepEqual(await invoke(listPersonalKeys, {}, other, engines), {
      personalKeys: [],
      nextCursor: null,
    });
    await assert.rejects(invoke(revokePersonalKey, { credentialId: id }, other, engines), {
      kind: "not_found",
    });
  } finally {
    await world.close();
  }
});
