import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld } from "../../../test/running-world.ts";
import { accountUpkeep } from "./upkeep.ts";

test("upkeep rolls up what was committed, and no figure changes by it", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    const { id } = await world.arrive(orders);
    await world.endingOf(workspace, id);
    await world.idle();
    const { ledger } = world.engines;
    const figures = () => ledger.measure({ workspace, where: {}, bySubject: true });
    const before = await figures();
    const rolling = accountUpkeep(world.engines).find(({ name }) => name === "rolling up");
    assert.ok(rolling);
    await rolling.run();
    assert.equal(await ledger.roll(1), 0, "nothing is left to roll up");
    assert.deepEqual(await figures(), before);
  } finally {
    await world.close();
  }
});
