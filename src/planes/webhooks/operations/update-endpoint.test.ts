import assert from "node:assert/strict";
import { test } from "node:test";
import { missingEndpoint } from "../../../../test/missing-endpoint.ts";
import { dryRunLeavesNothing, scenarios, type Prepare, type Scenario } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const targetUrl = "https://api.example.com/hooks";
const changed = { audit: 1, endpoint: 1, history: 1 };

const anEndpoint = (call: Prepare): Promise<Output> => call(createEndpoint, { name: "orders", targetUrl });

function refused(name: string, input: Output, pointer: string): Scenario {
  return {
    name,
    scopes: "all",
    given: anEndpoint,
    input: ({ id }) => ({ endpointId: id, ...input }),
    fails: { kind: "invalid", pointer },
    leaves: {},
  };
}

scenarios(updateEndpoint, [
  {
    name: "changes what is given and leaves the rest",
    scopes: ["endpoints:write"],
    given: anEndpoint,
    input: ({ id }) => ({ endpointId: id, name: "shop", timeoutSeconds: 5 }),
    gives: { name: "shop", slug: "orders", targetUrl, timeoutSeconds: 5, maxAttempts: 12, version: 2 },
    leaves: changed,
  },
  {
    name: "the slug names it too",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", targetUrl: "https://api.example.com/new" },
    gives: { targetUrl: "https://api.example.com/new" },
    leaves: changed,
  },
  {
    name: "pausing tells the queue",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", isActive: false },
    gives: { isActive: false, pausedBecause: null },
    leaves: { ...changed, outbox: 1 },
  },
  {
    name: "pausing what is paused tells the queue nothing",
    scopes: "all",
    given: async (call) => {
      await anEndpoint(call);
      return call(updateEndpoint, { endpointId: "orders", isActive: false });
    },
    input: { endpointId: "orders", isActive: false },
    gives: { isActive: false },
    leaves: changed,
  },
  {
    name: "a provider is set, and waits for its secret",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", provider: "Stripe" },
    gives: { provider: "stripe", verification: "waiting for secret" },
    leaves: changed,
  },
  {
    name: "null takes the provider and its settings away",
    scopes: "all",
    given: (call) =>
      call(createEndpoint, {
        name: "orders",
        targetUrl,
        provider: "github",
        verification: { eventType: { pointer: "/action" } },
      }),
    input: { endpointId: "orders", provider: null },
    gives: { provider: null, verification: "off" },
    leaves: changed,
  },
  {
    name: "the version that was read is the one that is changed",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", name: "shop", expectedVersion: 1 },
    gives: { version: 2 },
    leaves: changed,
  },
  {
    name: "another version is a conflict",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", name: "shop", expectedVersion: 2 },
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  ...missingEndpoint({ name: "shop" }),
  refused("nothing to change is no change", {}, ""),
  refused("a name of spaces is none", { name: " " }, "/name"),
  refused("a target is no inner address", { targetUrl: "http://169.254.169.254/" }, "/targetUrl"),
  refused("a target's name resolves", { targetUrl: "https://nowhere.example.invalid/" }, "/targetUrl"),
  refused("active or not is yes or no", { isActive: "maybe" }, "/isActive"),
  refused("a timeout is at most two minutes", { timeoutSeconds: 121 }, "/timeoutSeconds"),
  refused("there is at least one attempt", { maxAttempts: 0 }, "/maxAttempts"),
  refused("a body is at most 26 MiB", { bodyBytesMax: 27_262_977 }, "/bodyBytesMax"),
  refused("a provider is a known one", { provider: "acme" }, "/provider"),
  refused(
    "verification settings need a provider",
    { verification: { eventType: { pointer: "/t" } } },
    "/provider",
  ),
  refused("a version is at least 1", { expectedVersion: 0 }, "/expectedVersion"),
  refused("the slug stays", { slug: "other" }, "/slug"),
]);

dryRunLeavesNothing(updateEndpoint, { given: anEndpoint, input: { endpointId: "orders", isActive: false } });

test("of two that change the same version one is told; without a version both changes hold", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const caller = callerOf(principalOf(await world.newWorkspace(), "all"));
    const stranger = callerOf(principalOf(await world.newWorkspace(), "all"));
    const { id } = await anEndpoint((it, input) => invoke(it, input, caller, engines));
    const update = (input: object) => invoke(updateEndpoint, { endpointId: id, ...input }, caller, engines);

    const outcomes = await Promise.allSettled([
      update({ name: "one", expectedVersion: 1 }),
      update({ name: "two", expectedVersion: 1 }),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);

    await Promise.all([update({ timeoutSeconds: 7 }), update({ maxAttempts: 3 })]);
    assert.partialDeepStrictEqual(await update({ name: "three" }), {
      timeoutSeconds: 7,
      maxAttempts: 3,
      version: 5,
    });
    await assert.rejects(invoke(updateEndpoint, { endpointId: id, name: "theirs" }, stranger, engines), {
      kind: "not_found",
    });
  } finally {
    await world.close();
  }
});
