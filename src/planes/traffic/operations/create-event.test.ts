import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import type { Principal } from "../../../kernel/principal.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createEvent } from "./create-event.ts";
import { listEvents } from "./list-events.ts";

const deployment = { type: "deployment", name: "checkout 2.4.0" };

scenarios(createEvent, [
  {
    name: "notes what happened, now and everywhere unless said otherwise",
    scopes: ["markers:write"],
    input: deployment,
    gives: {
      type: "deployment",
      startedAt: "2026-11-20T12:00:00.000Z",
      endedAt: null,
      environment: null,
      buckets: null,
      untrusted: { name: "checkout 2.4.0", description: "", source: null, version: null },
    },
    leaves: { marker: 1, history: 1, audit: 1 },
  },
  {
    name: "or in one environment and some buckets, for a while",
    scopes: ["markers:write"],
    input: {
      type: "incident",
      name: "the stock is locked",
      environment: "production",
      buckets: ["shop"],
      startedAt: "2026-11-20T10:00:00Z",
      endedAt: "2026-11-20T11:00:00Z",
      source: "pager",
    },
    gives: { environment: "production", buckets: ["shop"], endedAt: "2026-11-20T11:00:00.000Z" },
    leaves: { marker: 1, history: 1, audit: 1 },
  },
  {
    name: "it does not end before it starts",
    scopes: "all",
    input: { ...deployment, startedAt: "2026-11-20T10:00:00Z", endedAt: "2026-11-20T09:00:00Z" },
    fails: { kind: "invalid", pointer: "/endedAt" },
    leaves: {},
  },
  {
    name: "a bucket that is not there",
    scopes: "all",
    input: { ...deployment, environment: "production", buckets: ["default", "nowhere"] },
    fails: { kind: "invalid", pointer: "/buckets/1" },
    leaves: {},
  },
  {
    name: "a type that is none",
    scopes: "all",
    input: { ...deployment, type: "party" },
    fails: { kind: "invalid", pointer: "/type" },
    leaves: {},
  },
]);

dryRunLeavesNothing(createEvent, { input: deployment });

test("a confined credential notes things in its own place alone, and sees those of its own place and of all", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const anyone = principalOf(workspace, "all");
    const confined: Principal = { ...anyone, confines: { environment: "production", buckets: ["shop"] } };
    const call = (input: object, principal = confined) =>
      invoke(createEvent, { ...deployment, ...input }, callerOf(principal), world.engines);
    const made = await call({});
    assert.deepEqual([made["environment"], made["buckets"]], ["production", ["shop"]]);
    await assert.rejects(call({ environment: "staging" }), { kind: "forbidden" });
    await assert.rejects(call({ buckets: ["default"] }), { kind: "forbidden" });
    const everywhere = await call({ name: "everywhere" }, anyone);
    await call({ name: "elsewhere", environment: "staging" }, anyone);
    await call({ name: "other bucket", environment: "production", buckets: ["default"] }, anyone);
    const { events } = listEvents.output.parse(
      await invoke(listEvents, {}, callerOf(confined), world.engines),
    );
    assert.deepEqual(new Set(events.map(({ id }) => id)), new Set([made["id"], everywhere["id"]]));
  } finally {
    await world.close();
  }
});
