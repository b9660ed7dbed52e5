import assert from "node:assert/strict";
import { test } from "node:test";
import { githubHeaders, openRunningWorld, runningScenarios } from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { getDashboardSummary } from "./get-dashboard-summary.ts";
import { listEndpoints } from "./list-endpoints.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { updateEndpoint } from "./update-endpoint.ts";

runningScenarios(getDashboardSummary, [
  {
    name: "a workspace without traffic",
    scopes: ["dashboard:read"],
    input: {},
    gives: {
      from: "2026-11-19T12:00:00.000Z",
      to: "2026-11-20T12:00:00.000Z",
      totals: {
        received: 0,
        delivered: 0,
        failed: 0,
        pending: 0,
        successRate: null,
        rejected: 0,
        duplicates: 0,
        endpoints: 0,
        paused: 0,
      },
      activity: [],
      topFailing: [],
    },
    leaves: {},
  },
  {
    name: "counts what was delivered, by the hour, and tells of it",
    scopes: ["dashboard:read"],
    async given(world, workspace) {
      const orders = await world.endpointIn(workspace);
      const { id } = await world.arrive(orders);
      await world.endingOf(workspace, id);
      return orders;
    },
    input: {},
    gives: {
      totals: { received: 1, delivered: 1, failed: 0, pending: 0, successRate: 1, endpoints: 1, paused: 0 },
      activity: [{ state: "delivered", endpoint: "orders" }],
      topFailing: [],
    },
    leaves: {},
  },
  {
    name: "it takes no arguments",
    scopes: "all",
    input: { hours: 48 },
    fails: { kind: "invalid", pointer: "/hours" },
    leaves: {},
  },
]);

test("what fails most comes first, hour by hour, of the last 24 hours, of what may be seen", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const shop = await world.endpointIn(workspace, { name: "shop", maxAttempts: 1, bucket: "shop" });
    const mail = await world.endpointIn(workspace, { name: "mail", maxAttempts: 1 });
    const fine = await world.endpointIn(workspace, { name: "fine" });
    const idle = await world.endpointIn(workspace, { name: "idle" });
    await world.call(workspace, updateEndpoint, { endpointId: idle.id, isActive: false });

    const old = await world.arrive(fine);
    await world.endingOf(workspace, old.id);
    world.moveOn(25 * 3_600_000);

    world.target.answer(() => ({ status: 500 }));
    for (const endpoint of [mail, mail, shop]) {
      const { id } = await world.arrive(endpoint);
      await world.endingOf(workspace, id);
    }
    world.moveOn(3_600_000);
    world.target.answer(() => ({ status: 200 }));
    const last = await world.arrive(fine);
    await world.endingOf(workspace, last.id);

    const summary = await world.call(workspace, getDashboardSummary, {});
    assert.partialDeepStrictEqual(summary, {
      totals: {
        received: 4,
        delivered: 1,
        failed: 3,
        pending: 0,
        successRate: 0.25,
        endpoints: 4,
        paused: 1,
      },
      topFailing: [
        { slug: "mail", stats: { failed: 2, successRate: 0 } },
        { slug: "shop", stats: { failed: 1 } },
      ],
    });
    const busy = (summary["hourly"] as { hour: string; received: number; attempts: number }[]).filter(
      ({ attempts }) => attempts > 0,
    );
    assert.partialDeepStrictEqual(busy, [
      { hour: "2026-11-21T13:00:00.000Z", received: 3, attempts: 3, delivered: 0, failed: 3 },
      { hour: "2026-11-21T14:00:00.000Z", received: 1, attempts: 1, delivered: 1, failed: 0 },
    ]);
    assert.equal((summary["activity"] as { id: string }[])[0]!.id, last.id);

    const caller = callerOf({ ...principalOf(workspace, "all"), confines: { buckets: ["shop"] } });
    assert.partialDeepStrictEqual(await invoke(getDashboardSummary, {}, caller, world.engines), {
      totals: { received: 1, failed: 1, endpoints: 1 },
      activity: [{ endpoint: "shop" }],
    });
    assert.partialDeepStrictEqual(await world.call(await world.newWorkspace(), getDashboardSummary, {}), {
      totals: { received: 0, endpoints: 0 },
      activity: [],
    });
  } finally {
    await world.close();
  }
});

test("every request received is told by what became of it, rolled up or not", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { provider: "github" });
    await world.call(workspace, setEndpointSecret, { endpointId: orders.id, secret: "fake" });
    const send = (id: string, secret: string) =>
      world.arrive(orders, { headers: githubHeaders(secret, "{}", id), body: "{}" });
    const { id } = await send("1", "fake");
    await world.endingOf(workspace, id);
    await send("1", "fake");
    for (let n = 0; n < 3; n++) await send(`forged ${n}`, "another");
    const figures = { received: 5, delivered: 1, failed: 0, rejected: 3, duplicates: 1, pending: 0 };
    for (let rolled = 1; rolled > 0; rolled = await world.engines.ledger.roll(2)) {
      const summary = await world.call(workspace, getDashboardSummary, {});
      assert.partialDeepStrictEqual(summary["totals"], figures);
      const { endpoints } = await world.call(workspace, listEndpoints, {});
      assert.partialDeepStrictEqual(endpoints, [{ slug: "orders", stats: figures }]);
    }
  } finally {
    await world.close();
  }
});
