import assert from "node:assert/strict";
import { test } from "node:test";
import { githubHeaders, openRunningWorld } from "../../../test/running-world.ts";
import { updateWorkspace } from "../account/operations/update-workspace.ts";
import { getLogDetail } from "./operations/get-log-detail.ts";
import { listLogs } from "./operations/list-logs.ts";
import { setEndpointSecret } from "./operations/set-endpoint-secret.ts";
import { quotas } from "./quota.ts";

test("a month's quota: held above it, refused at 120 %, let go when the plan is raised", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ eventsPerMonth: 5 });
    const orders = await world.endpointIn(workspace);
    const within: string[] = [];
    for (let n = 0; n < 5; n++) within.push((await world.arrive(orders)).id);
    for (const id of within) await world.endingOf(workspace, id);
    const over = await world.arrive(orders);
    assert.equal(over.status, 200);
    const refused = await world.arrive(orders);
    assert.equal(refused.status, 429);
    assert.equal(refused.headers["retry-after"], "3600");
    assert.equal(world.target.reached.length, 5);
    assert.partialDeepStrictEqual(
      await world.call(workspace, listLogs, { endpointId: orders.id, limit: 2 }),
      {
        logs: [
          { state: "rejected", answered: 429, error: "over_quota" },
          { id: over.id, state: "pending" },
        ],
      },
    );
    // Another workspace is not concerned.
    const other = await world.newWorkspace();
    assert.equal((await world.arrive(await world.endpointIn(other))).status, 200);

    await world.releaseQuota();
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: over.id }), {
      state: "pending",
    });
    await world.call(workspace, updateWorkspace, { plan: { eventsPerMonth: 7 } });
    await world.releaseQuota();
    assert.equal((await world.endingOf(workspace, over.id)).ending, "delivered");
    assert.equal((await world.arrive(orders)).status, 200);
  } finally {
    await world.close();
  }
});

test("a new month lets go what waited", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ eventsPerMonth: 5 });
    const orders = await world.endpointIn(workspace);
    for (let n = 0; n < 5; n++) await world.arrive(orders);
    const { id } = await world.arrive(orders);
    world.moveOn(11 * 24 * 3_600_000);
    await world.releaseQuota();
    assert.equal((await world.endingOf(workspace, id)).ending, "delivered");
  } finally {
    await world.close();
  }
});

test("tests, duplicates, handshakes and rejections use up no quota", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ eventsPerMonth: 2 });
    const endpoint = await world.endpointIn(workspace, { provider: "github" });
    await world.call(workspace, setEndpointSecret, { endpointId: endpoint.id, secret: "fake" });
    const send = (delivery: string, secret = "fake") =>
      world.arrive(endpoint, { headers: githubHeaders(secret, "{}", delivery), body: "{}" });
    await send("1");
    for (let n = 0; n < 5; n++) {
      await send("1");
      await send("2", "another");
    }
    const { id } = await send("2");
    assert.equal((await world.endingOf(workspace, id)).ending, "delivered");
  } finally {
    await world.close();
  }
});

test("what another process accepts counts once the use is read anew, and lets go nothing that is over", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ eventsPerMonth: 5 });
    const orders = await world.endpointIn(workspace);
    // Another process has its memory, and nothing else, of its own.
    const elsewhere = await quotas(world.engines);
    const now = world.clock.now();
    for (let n = 0; n < 5; n++) await world.arrive(orders);
    const over = await world.arrive(orders);
    assert.equal(elsewhere.state(workspace, now), "open", "by what it knew");
    await elsewhere.release();
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: over.id }), {
      state: "pending",
    });
    await elsewhere.refresh();
    assert.equal(elsewhere.state(workspace, now), "hard");
    await world.call(workspace, updateWorkspace, { plan: { eventsPerMonth: 100 } });
    await elsewhere.release();
    assert.equal((await world.endingOf(workspace, over.id)).ending, "delivered");
  } finally {
    await world.close();
  }
});
