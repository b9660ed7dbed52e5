import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openRunningWorld } from "../running-world.ts";
import { arrivals } from "./arrivals.ts";
import { fuzz } from "./fuzzing.ts";
import { openSenders } from "./senders.ts";

const inputs = 300;

test("whatever is sent to an endpoint is answered, accounted for as it was answered, and stored as it came", (t) =>
  fuzz(t, async (seed) => {
    const world = await openRunningWorld();
    try {
      const workspace = await world.newWorkspace();
      const senders = await openSenders(world, workspace);
      await fc.assert(fc.asyncProperty(arrivals, senders.send), { seed, numRuns: inputs });
      await world.idle();
      await senders.compare();
      assert.deepEqual(world.log, []);
      assertDelivered(world.target.reached);
      return inputs;
    } finally {
      await world.close();
    }
  }));

/** The world's target answers 200 at once: nothing is delivered twice. */
function assertDelivered(reached: readonly { header(name: string): string | undefined }[]): void {
  const ids = reached.map((request) => request.header("sluice-id"));
  assert.equal(new Set(ids).size, ids.length);
  assert.ok(ids.length > 0);
}
