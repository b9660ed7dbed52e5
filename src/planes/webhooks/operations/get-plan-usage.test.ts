import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld, runningScenarios } from "../../../../test/running-world.ts";
import { selfHosted } from "../../../registry/workspace.ts";
import { getPlanUsage } from "./get-plan-usage.ts";

runningScenarios(getPlanUsage, [
  {
    name: "an unused plan",
    scopes: ["plan:read"],
    input: {},
    gives: {
      plan: selfHosted,
      month: "2026-11",
      events: { used: 0, limit: 1_000_000, left: 1_000_000, share: 0 },
      state: "within",
      resetsAt: "2026-12-01T00:00:00.000Z",
      endpoints: { used: 0, limit: 100, left: 100 },
      apiKeysMax: 10,
      retentionDays: 30,
      pending: 0,
    },
    leaves: {},
  },
  {
    name: "what was accepted is counted",
    scopes: ["plan:read"],
    async given(world, workspace) {
      const orders = await world.endpointIn(workspace);
      const { id } = await world.arrive(orders);
      await world.endingOf(workspace, id);
      return orders;
    },
    input: {},
    gives: { events: { used: 1, left: 999_999 }, endpoints: { used: 1, left: 99 }, pending: 0 },
    leaves: {},
  },
  {
    name: "it takes no arguments",
    scopes: "all",
    input: { month: "2026-10" },
    fails: { kind: "invalid", pointer: "/month" },
    leaves: {},
  },
]);

test("it tells where a month stands: within, over the soft limit, over the hard one, and anew", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ eventsPerMonth: 5, endpointsMax: 1 });
    const orders = await world.endpointIn(workspace);
    const usage = () => world.call(workspace, getPlanUsage, {});
    for (let n = 0; n < 4; n++) await world.arrive(orders);
    assert.partialDeepStrictEqual(await usage(), {
      events: { used: 4, limit: 5, left: 1, share: 0.8 },
      state: "within",
      endpoints: { used: 1, left: 0 },
    });
    await world.arrive(orders);
    assert.partialDeepStrictEqual(await usage(), { events: { used: 5, left: 0 }, state: "over soft limit" });
    await world.arrive(orders);
    assert.partialDeepStrictEqual(await usage(), {
      events: { used: 6, left: 0, share: 1.2 },
      state: "over hard limit",
    });
    world.moveOn(11 * 24 * 3_600_000);
    assert.partialDeepStrictEqual(await usage(), { month: "2026-12", events: { used: 0 }, state: "within" });
    assert.partialDeepStrictEqual(await world.call(await world.newWorkspace(), getPlanUsage, {}), {
      events: { used: 0 },
      endpoints: { used: 0 },
    });
  } finally {
    await world.close();
  }
});
