import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld } from "../../../test/running-world.ts";
import { isClockDoubted } from "./clock-doubt.ts";
import { accountUpkeep } from "./upkeep.ts";

const dayMs = 24 * 3_600_000;

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

test("what is older than the plan keeps goes, but not for a day after the clock has jumped", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    const { id } = await world.arrive(orders);
    await world.endingOf(workspace, id);
    await world.idle();
    const retention = accountUpkeep(world.engines).find(({ name }) => name === "retention");
    const kept = async (): Promise<boolean> => {
      await retention?.run();
      return (await world.engines.ledger.get(workspace, { id })) !== undefined;
    };
    assert.equal(await kept(), true);
    world.moveOn(31 * dayMs);
    assert.equal(await kept(), true, "somebody may have set the clock");
    world.moveOn(-31 * dayMs);
    assert.equal(await kept(), true);
    for (let day = 1; day <= 30; day++) {
      world.moveOn(dayMs);
      assert.equal(await kept(), true, `day ${day}`);
    }
    world.moveOn(dayMs);
    assert.equal(await kept(), false, "it went on day by day");
  } finally {
    await world.close();
  }
});

test("a clock that stays where it jumped to is believed a day later", async () => {
  const world = await openRunningWorld();
  try {
    const doubted = () => isClockDoubted(world.engines);
    assert.equal(await doubted(), false);
    world.moveOn(40 * dayMs);
    assert.equal(await doubted(), true);
    world.moveOn(dayMs - 1);
    assert.equal(await doubted(), true);
    world.moveOn(1);
    assert.equal(await doubted(), false);
  } finally {
    await world.close();
  }
});
