import assert from "node:assert/strict";
import type { TestContext } from "node:test";

/** The same inputs each time unless FUZZ_SEED names another seed. */
const seed = Number(process.env["FUZZ_SEED"] ?? 1);
/** How many times as many inputs as in `npm test`: nightly runs set it. */
const times = Number(process.env["FUZZ_TIMES"] ?? 1);
/** How many tries there are of isolation at the least, whatever else there is to try: nightly runs set it. */
export const isolationTriesMin = Number(process.env["FUZZ_ISOLATION_TRIES"] ?? 0);

/** What a diagnostic of this form says is added up by the nightly run. */
export const inputsTold = /^(\d+) inputs\b/;

/**
 * Runs a batch as often as FUZZ_TIMES says, and until there were `atLeast` inputs, each time with the next seed; it answers how
 * many inputs it gave. A batch opens a world of its own, so that no world grows large. What fails names its seed.
 */
export async function fuzz(
  t: TestContext,
  batch: (seed: number) => Promise<number>,
  atLeast = 0,
): Promise<void> {
  let inputs = 0;
  for (let n = 0; n < times || inputs < atLeast; n++)
    try {
      const given = await batch(seed + n);
      assert.ok(given > 0, "a batch without inputs shows nothing");
      inputs += given;
    } catch (error) {
      throw new Error(`FUZZ_SEED=${seed + n} makes it fail again`, { cause: error });
    }
  assert.ok(inputs >= atLeast);
  t.diagnostic(`${inputs} inputs, FUZZ_SEED=${seed}`);
}
