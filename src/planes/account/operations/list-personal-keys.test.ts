import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalFor } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createPersonalKey } from "./create-personal-key.ts";
import { listPersonalKeys } from "./list-personal-keys.ts";
import { revokePersonalKey } from "./revoke-personal-key.ts";
import { updatePersonalKey } from "./update-personal-key.ts";

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

scenarios(updatePersonalKey, [
  {
    name: "renames a key and changes its view, and leaves alone what is not given",
    scopes: [],
    given: (call) => call(createPersonalKey, { name: "laptop" }),
    input: ({ id }) => ({ credentialId: id, toolsets: ["traffic"] }),
    gives: { name: "laptop", toolsets: ["traffic"], scopes: null, version: 2 },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "a key that was changed by somebody else meanwhile stays as it is",
    scopes: [],
    given: (call) => call(createPersonalKey, { name: "laptop" }),
    input: ({ id }) => ({ credentialId: id, name: "desktop", expectedVersion: 2 }),
    fails: { kind: "conflict" },
    leaves: {},
  },
  {
    name: "an unknown key is not found",
    scopes: [],
    input: { credentialId: "key_0000000000000000000000", name: "desktop" },
    fails: { kind: "not_found", pointer: "/credentialId" },
    leaves: {},
  },
]);

dryRunLeavesNothing(updatePersonalKey, {
  given: (call) => call(createPersonalKey, { name: "laptop" }),
  input: ({ id }) => ({ credentialId: id, name: "desktop" }),
});

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

test("another person's key is not listed, and is not found when it is to be changed or revoked", async () => {
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
    for (const it of [updatePersonalKey, revokePersonalKey])
      await assert.rejects(invoke(it, { credentialId: id }, other, engines), { kind: "not_found" });
  } finally {
    await world.close();
  }
});
