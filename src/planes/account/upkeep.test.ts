import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld, type RunningWorld } from "../../../test/running-world.ts";
import { sampleExchange } from "../../engines/traffic/samples.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Upkeep } from "../../registry/plane.ts";
import { isClockDoubted } from "../../registry/clock-doubt.ts";
import { accountUpkeep } from "./upkeep.ts";

const dayMs = 24 * 3_600_000;

async function withEndedEvent(
  use: (world: RunningWorld, event: { readonly workspace: string; readonly id: string }) => Promise<void>,
): Promise<void> {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const { id } = await world.arrive(await world.endpointIn(workspace));
    await world.endingOf(workspace, id);
    await world.idle();
    await use(world, { workspace, id });
  } finally {
    await world.close();
  }
}

function upkeepNamed({ engines }: RunningWorld, name: string): Upkeep {
  const found = accountUpkeep(engines).find((it) => it.name === name);
  assert.ok(found);
  return found;
}

test("upkeep rolls up what was committed, and no figure changes by it", () =>
  withEndedEvent(async (world, { workspace }) => {
    const { ledger } = world.engines;
    const figures = () => ledger.measure({ workspace, where: {}, bySubject: true });
    const before = await figures();
    await upkeepNamed(world, "rolling up").run();
    assert.equal(await ledger.roll(1), 0, "nothing is left to roll up");
    assert.deepEqual(await figures(), before);
  }));

test("what is older than the plan keeps goes, but not for a day after the clock has jumped", () =>
  withEndedEvent(async (world, { workspace, id }) => {
    const removing = upkeepNamed(world, "removing what is old");
    const kept = async (): Promise<boolean> => {
      await removing.run();
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
  }));

test("more than one round of what is old asks for another, until nothing is left", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace({ retentionDays: 1 });
    const { clock, traffic, ledger } = world.engines;
    const exchanges = Array.from({ length: 1_000 }, () =>
      sampleExchange({ workspace, startedAt: clock.now() }),
    );
    const removing = upkeepNamed(world, "removing what is old");
    assert.equal(await removing.run(), "done");
    for (let round = 0; round < 6; round++)
      await traffic.journal.commit({
        exchanges: exchanges.map((it) => ({ ...it, id: newExchangeId(it.startedAt) })),
        jobs: [],
      });
    world.moveOn(dayMs);
    assert.equal(await removing.run(), "done");
    world.moveOn(dayMs);
    assert.equal(await removing.run(), "more");
    assert.equal(await removing.run(), "done");
    assert.deepEqual((await ledger.find({ workspace, where: {}, limit: 1 })).rows, []);
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
