import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld } from "../../../test/running-world.ts";
import { accountOf } from "../../registry/accounting.ts";
import { outlived } from "./outlived.ts";
import { updateEndpoint } from "./operations/update-endpoint.ts";

const dayMs = 86_400_000;

test("what a paused endpoint holds longer than the plan keeps it ends as expired, and then goes", async () => {
  const world = await openRunningWorld();
  try {
    const { ledger, clock } = world.engines;
    const workspace = await world.newWorkspace({ retentionDays: 3 });
    const endpoint = await world.endpointIn(workspace);
    await world.call(workspace, updateEndpoint, { endpointId: endpoint.id, isActive: false });
    const startedAt = clock.now();
    const { id } = await world.arrive(endpoint);
    const upkeep = outlived(world.engines);
    const expire = () => ledger.expire([{ workspace, before: clock.now() - 3 * dayMs }], 100);
    // A day at a time, since a clock that jumps further is doubted.
    for (let day = 1; day <= 3; day++) {
      world.moveOn(dayMs);
      assert.equal(await upkeep.run(), "done");
    }
    assert.equal(await world.engines.traffic.queue.depth().then(({ open }) => open), 1, "it is still held");
    world.moveOn(dayMs);
    assert.equal(await expire(), 0, "what is held is spared");
    assert.equal(await upkeep.run(), "more");
    const ending = await world.endingOf(workspace, id);
    assert.deepEqual([ending.ending, ending.error], ["failed", "expired"]);
    const account = await accountOf(world.engines, { workspace, from: startedAt, to: Infinity });
    assert.deepEqual([account.received, account.became("failed"), account.remainder], [1, 1, 0]);
    assert.equal(await expire(), 1);
    assert.equal(await ledger.get(workspace, { id }), undefined);
  } finally {
    await world.close();
  }
});

test("nothing that is held ends for its age while the clock is doubted", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ retentionDays: 3 });
    const endpoint = await world.endpointIn(workspace);
    await world.call(workspace, updateEndpoint, { endpointId: endpoint.id, isActive: false });
    await world.arrive(endpoint);
    const upkeep = outlived(world.engines);
    await upkeep.run();
    world.moveOn(30 * dayMs);
    assert.equal(await upkeep.run(), "done");
    assert.equal((await world.engines.traffic.queue.depth()).open, 1);
  } finally {
    await world.close();
  }
});
