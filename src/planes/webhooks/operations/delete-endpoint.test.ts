import assert from "node:assert/strict";
import { test } from "node:test";
import { missingEndpoint } from "../../../../test/missing-endpoint.ts";
import { openRunningWorld } from "../../../../test/running-world.ts";
import { dryRunLeavesNothing, scenarios, type Prepare } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { updateWorkspace } from "../../account/operations/update-workspace.ts";
import { accountForWebhooks } from "./account-for-webhooks.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { getDashboardSummary } from "./get-dashboard-summary.ts";
import { getLogDetail } from "./get-log-detail.ts";
import { listEndpoints } from "./list-endpoints.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const anEndpoint = (call: Prepare): Promise<Output> =>
  call(createEndpoint, { name: "orders", targetUrl: "https://api.example.com/hooks" });

scenarios(deleteEndpoint, [
  {
    name: "deletes it, and tells the queue",
    scopes: ["endpoints:delete"],
    given: anEndpoint,
    input: ({ id }) => ({ endpointId: id }),
    gives: { slug: "orders", deleted: true },
    leaves: { audit: 1, endpoint: 1, history: 1, outbox: 1 },
  },
  {
    name: "the slug names it too",
    scopes: ["endpoints:delete"],
    given: anEndpoint,
    input: { endpointId: "orders" },
    gives: { deleted: true },
    leaves: { audit: 1, endpoint: 1, history: 1, outbox: 1 },
  },
  {
    name: "another version than the one that was read is a conflict",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", expectedVersion: 2 },
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  ...missingEndpoint(),
]);

dryRunLeavesNothing(deleteEndpoint, { given: anEndpoint, input: { endpointId: "orders" } });

test("it is gone from its address, from lists and stats, what was open is cancelled, and its logs stay", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    const { id: event } = await world.arrive(orders);

    const stranger = await world.newWorkspace();
    await assert.rejects(world.call(stranger, deleteEndpoint, { endpointId: orders.id }), {
      kind: "not_found",
    });
    await world.call(workspace, deleteEndpoint, { endpointId: orders.id });
    assert.equal((await world.arrive(orders)).status, 404);

    const { ending, error } = await world.endingOf(workspace, event);
    assert.deepEqual({ ending, error }, { ending: "failed", error: "endpoint_deleted" });
    assert.equal(world.target.reached.length, 0);

    assert.partialDeepStrictEqual(await world.call(workspace, listEndpoints, {}), {
      endpoints: [],
      total: 0,
    });
    assert.partialDeepStrictEqual(await world.call(workspace, getDashboardSummary, {}), {
      totals: { received: 0, failed: 0, pending: 0, endpoints: 0 },
      topFailing: [],
    });
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: event }), {
      state: "failed",
      endpoint: { id: orders.id, slug: null },
    });
    // The accounts of a workspace tell of deleted endpoints too: nothing received is forgotten.
    assert.partialDeepStrictEqual(await world.call(workspace, accountForWebhooks, {}), {
      received: 1,
      failed: 1,
      pending: 0,
      remainder: 0,
    });
  } finally {
    await world.close();
  }
});

test("what waits over the quota ends with its endpoint once it is let go", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ eventsPerMonth: 5 });
    const orders = await world.endpointIn(workspace);
    for (let n = 0; n < 5; n++) await world.arrive(orders);
    const { id: held } = await world.arrive(orders);
    await world.call(workspace, deleteEndpoint, { endpointId: orders.id });
    await world.call(workspace, updateWorkspace, { plan: { eventsPerMonth: 10 } });
    await world.releaseQuota();
    assert.equal((await world.endingOf(workspace, held)).error, "endpoint_deleted");
  } finally {
    await world.close();
  }
});
