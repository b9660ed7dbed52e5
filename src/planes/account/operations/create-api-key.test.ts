import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Prepare, type Scenario } from "../../../../test/scenario.ts";
import { authenticatorOf, bearing, callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { createApiKey } from "./create-api-key.ts";
import { revokeCredential } from "./revoke-credential.ts";
import { updateWorkspace } from "./update-workspace.ts";

const created = { credential: 1, audit: 1, history: 1 };

function refused(name: string, input: Scenario["input"], pointer: string): Scenario {
  return { name, scopes: "all", input, fails: { kind: "invalid", pointer }, leaves: {} };
}

async function roomForOne(call: Prepare): Promise<Output> {
  await call(updateWorkspace, { plan: { apiKeysMax: 1 } });
  return call(createApiKey, { name: "the only one" });
}

scenarios(createApiKey, [
  {
    name: "answers a key that lasts 90 days",
    scopes: "all",
    input: { name: " laptop " },
    gives: {
      name: "laptop",
      state: "active",
      createdAt: "2026-11-20T12:00:00.000Z",
      expiresAt: "2027-02-18T12:00:00.000Z",
      revokedAt: null,
      lastUsedAt: null,
    },
    leaves: created,
  },
  {
    name: "a credential with fewer scopes cannot make one with all",
    scopes: ["credentials:write"],
    input: { name: "laptop" },
    fails: { kind: "forbidden" },
    leaves: {},
  },
  {
    name: "null makes it last for ever",
    scopes: "all",
    input: { name: "laptop", expiresInDays: null },
    gives: { expiresAt: null },
    leaves: created,
  },
  {
    name: "the plan's limit is named",
    scopes: "all",
    given: roomForOne,
    input: { name: "one more" },
    fails: { kind: "quota_exceeded" },
    leaves: {},
  },
  {
    name: "a revoked key makes room",
    scopes: "all",
    given: async (call) => call(revokeCredential, { credentialId: (await roomForOne(call))["id"] }),
    input: { name: "its successor" },
    gives: { state: "active" },
    leaves: created,
  },
  refused("a name is required", {}, "/name"),
  refused("a name of spaces is none", { name: " " }, "/name"),
  refused("a name has at most 100 characters", { name: "a".repeat(101) }, "/name"),
  refused("it lasts 30, 60, 90 or 365 days", { name: "laptop", expiresInDays: 7 }, "/expiresInDays"),
]);

dryRunLeavesNothing(createApiKey, { input: { name: "laptop" } });

test("the key signs in, and is itself nowhere in what is stored or logged", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const { secret: key, id, start } = await invoke(createApiKey, { name: "laptop" }, caller, world.engines);
    assert.match(String(key), /^mk_[0-9A-Za-z]{49}$/);
    assert.equal(start, `${String(key).slice(0, 7)}…`);

    const authenticate = await authenticatorOf(world.engines);
    const sent = bearing(`Bearer ${String(key)}`);
    assert.deepEqual((await authenticate(sent)).actor, { kind: "key", id });

    assert.doesNotMatch(world.dump(), new RegExp(String(key).slice(7)));
    assert.doesNotMatch(world.log.join("\n"), new RegExp(String(key).slice(7)));
  } finally {
    await world.close();
  }
});

test("the failure at the limit says which limit and what to do", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    await roomForOne((it, input) => invoke(it, input, caller, world.engines));
    await assert.rejects(invoke(createApiKey, { name: "one more" }, caller, world.engines), {
      message: 'The plan "self-hosted" allows 1 API keys.',
      detail: { hint: "Revoke a key that is no longer used." },
    });
  } finally {
    await world.close();
  }
});

test("calls at the same moment do not pass the plan's limit together", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    await invoke(updateWorkspace, { plan: { apiKeysMax: 3 } }, caller, world.engines);
    const tries = Array.from({ length: 8 }, (_, n) =>
      invoke(createApiKey, { name: `laptop ${n}` }, caller, world.engines),
    );
    const results = await Promise.allSettled(tries);
    for (const result of results)
      if (result.status === "rejected")
        assert.match(String(result.reason), /The plan "self-hosted" allows 3/);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 3);
    assert.equal(await world.engines.store.records.count(workspace, "credential"), 3);
  } finally {
    await world.close();
  }
});
