import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import fc from "fast-check";
import { planes } from "../../src/planes/planes.ts";
import type { Operation } from "../../src/registry/operation.ts";
import { openRunningWorld, type RunningWorld } from "../running-world.ts";
import { fuzz } from "./fuzzing.ts";
import { inputsOf } from "./inputs.ts";
import { known } from "./known.ts";
import { courtOf, judge, surfacesOf } from "./verdicts.ts";

/** What no input brings about: a caller who is a member, a client that was connected. Their own tests have it. */
const needsMore: ReadonlySet<string> = new Set([
  "leave_workspace",
  "revoke_connected_client",
  "update_connected_client",
]);
const workspaces = 2;
const inputsEach = 25;

function judged(it: Operation, t: TestContext): Promise<void> {
  return fuzz(t, async (seed) => {
    const world = await openRunningWorld();
    try {
      let succeeded = 0;
      // What deletes needs something to delete: a workspace is used up.
      for (let n = 0; n < workspaces; n++) succeeded += await judgedIn(world, it, seed * workspaces + n);
      assert.deepEqual(world.log, []);
      assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
      t.diagnostic(`${succeeded} were carried out`);
      assert.ok(
        succeeded > 0 || needsMore.has(it.name),
        "not one input got past the checks: say in known.ts what there is",
      );
      return workspaces * inputsEach;
    } finally {
      await world.close();
    }
  });
}

/** Answers how many were carried out. */
async function judgedIn(world: RunningWorld, it: Operation, seed: number): Promise<number> {
  const workspace = await world.newWorkspace();
  const court = courtOf(it, world, workspace);
  let succeeded = 0;
  const property = fc.asyncProperty(
    inputsOf(it, await known(world, workspace)),
    fc.constantFrom(...surfacesOf(it)),
    async (input, surface) => {
      const outcome = await judge(court, input, surface);
      if ("gives" in outcome) succeeded++;
    },
  );
  await fc.assert(property, { seed, numRuns: inputsEach });
  return succeeded;
}

describe("whatever it is given, an operation answers or says what is wrong, and writes all or nothing", () => {
  for (const it of planes.flatMap(({ operations }): readonly Operation[] => operations))
    test(it.name, (t) => judged(it, t));
});
