import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { openRunningWorld, type RunningWorld } from "../running-world.ts";
import { imports } from "./archives.ts";
import { openBatchSender } from "./batch-sender.ts";
import { openBooks, type Books } from "./capture-books.ts";
import { postedBatches } from "./captured-batches.ts";
import { fuzz } from "./fuzzing.ts";
import { openImporter } from "./importer.ts";
import { spanRequests } from "./span-requests.ts";
import { openSpanSender } from "./span-sender.ts";

const inputs = { batches: 100, exports: 100, imports: 50 };

/** Answers whether what was sent was taken. */
type Send<A> = (arrival: A) => Promise<boolean>;
type Way<A> = {
  readonly arrivals: fc.Arbitrary<A>;
  readonly count: number;
  open(world: RunningWorld, workspace: string, books: Books): Promise<Send<A>>;
};

function booked<A>(t: TestContext, { arrivals, count, open }: Way<A>): Promise<void> {
  return fuzz(t, async (seed) => {
    const world = await openRunningWorld();
    try {
      const workspace = await world.newWorkspace();
      const books = await openBooks(world, workspace);
      const send = await open(world, workspace, books);
      let taken = 0;
      const property = fc.asyncProperty(arrivals, async (arrival) => {
        if (await send(arrival)) taken++;
      });
      // What failed was there already when it is tried again smaller, which then fails otherwise.
      await fc.assert(property, { seed, numRuns: count, endOnFailure: true });
      assert.ok((await books.compare()) > 0 && taken > count / 4, `${taken} were taken`);
      assert.deepEqual(world.log, []);
      assert.equal((Object.prototype as { polluted?: unknown }).polluted, undefined);
      return count;
    } finally {
      await world.close();
    }
  });
}

test("batches are refused whole or taken as they were answered, and secrets in them are stored nowhere", (t) =>
  booked(t, { arrivals: postedBatches, count: inputs.batches, open: openBatchSender }));

test("spans are refused whole or taken as they were answered, and secrets in them are stored nowhere", (t) =>
  booked(t, { arrivals: spanRequests, count: inputs.exports, open: openSpanSender }));

test("archives are refused whole or imported as the dry run said, and secrets in them are stored nowhere", (t) =>
  booked(t, { arrivals: imports, count: inputs.imports, open: openImporter }));
