import assert from "node:assert/strict";
import { test } from "node:test";
import { openWorld } from "../../test/world.ts";
import { wallClock } from "../kernel/clock.ts";
import { startCaretaker } from "./caretaker.ts";

test("upkeep that stopped at its bound is run again long before its time, until it is done", async () => {
  const world = await openWorld();
  const left = Promise.withResolvers<void>();
  let rounds = 0;
  const upkeep = {
    name: "a backlog of five rounds",
    everyMs: 3_600_000,
    by: "one",
    async run() {
      if (++rounds < 5) return "more";
      left.resolve();
      return "done";
    },
  } as const;
  const caretaker = startCaretaker([upkeep], { ...world.engines, clock: wallClock });
  try {
    await left.promise;
  } finally {
    await caretaker.stop();
    await world.close();
  }
  assert.equal(rounds, 5);
});
