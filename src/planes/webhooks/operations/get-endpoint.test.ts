import assert from "node:assert/strict";
import { test } from "node:test";
import { missingEndpointAtWork } from "../../../../test/missing-endpoint.ts";
import { openRunningWorld, runningScenarios } from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { getEndpoint } from "./get-endpoint.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const noon = "2026-11-20T12:00:00.000Z";

runningScenarios(getEndpoint, [
  {
    name: "shows settings, figures and what is waiting",
    scopes: ["endpoints:read"],
    given: async (world, workspace) => ({ ...(await world.endpointIn(workspace, { name: "Orders" })) }),
    input: ({ id }) => ({ endpointId: id }),
    gives: {
      name: "Orders",
      slug: "orders",
      stats: {
        received: 0,
        delivered: 0,
        failed: 0,
        pending: 0,
        successRate: null,
        p95Ms: null,
        lastEventAt: null,
      },
      live: { pending: 0, oldestPendingAt: null, nextAttemptAt: null },
    },
    leaves: {},
  },
  {
    name: "counts what was delivered",
    scopes: ["endpoints:read"],
    async given(world, workspace) {
      const orders = await world.endpointIn(workspace);
      const { id } = await world.arrive(orders);
      await world.endingOf(workspace, id);
      return orders;
    },
    input: { endpointId: "orders" },
    gives: { stats: { received: 1, delivered: 1, failed: 0, pending: 0, successRate: 1, lastEventAt: noon } },
    leaves: {},
  },
  {
    name: "tells what a paused endpoint holds",
    scopes: ["endpoints:read"],
    async given(world, workspace) {
      const orders = await world.endpointIn(workspace);
      await world.call(workspace, updateEndpoint, { endpointId: "orders", isActive: false });
      await world.arrive(orders);
      return orders;
    },
    input: { endpointId: "orders" },
    gives: {
      isActive: false,
      stats: { received: 1, pending: 1 },
      live: { pending: 1, oldestPendingAt: noon },
    },
    leaves: {},
  },
  ...missingEndpointAtWork(),
  {
    name: "a name has at most 100 characters",
    scopes: "all",
    input: { endpointId: "o".repeat(101) },
    fails: { kind: "invalid", pointer: "/endpointId" },
    leaves: {},
  },
]);

test("another workspace's endpoint, and one outside of a credential's confines, is as one that never was", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const { id } = await world.endpointIn(workspace, { environment: "staging", bucket: "shop" });
    const missing = await world.newWorkspace();
    const refusal = {
      kind: "not_found",
      message: `No endpoint "${id}".`,
      detail: {
        pointer: "/endpointId",
        hint: "list_endpoints shows the ids and slugs; undo_change brings a deleted endpoint back.",
      },
    };
    await assert.rejects(world.call(missing, getEndpoint, { endpointId: id }), refusal);
    for (const confines of [{ environment: "production" }, { buckets: ["default"] }, { buckets: [] }]) {
      const caller = callerOf({ ...principalOf(workspace, "all"), confines });
      await assert.rejects(invoke(getEndpoint, { endpointId: id }, caller, world.engines), refusal);
    }
    const within = {
      ...principalOf(workspace, "all"),
      confines: { environment: "staging", buckets: ["shop"] },
    };
    assert.equal((await invoke(getEndpoint, { endpointId: id }, callerOf(within), world.engines))["id"], id);
  } finally {
    await world.close();
  }
});
