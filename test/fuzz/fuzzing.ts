import type { TestContext } from "node:test";

/** The same inputs each time unless FUZZ_SEED names another seed. */
const seed = Number(process.env["FUZZ_SEED"] ?? 1);
/** How many times as many inputs as in `npm test`: nightly runs set it. */
const times = Number(process.env["FUZZ_TIMES"] ?? 1);

/** What a diagnostic of this form says is added up by the nightly run. */
export const inputsTold = /^(\d+) inputs\b/;

/**
 * Runs a batch as often as FUZZ_TIMES says, each time with the next seed; it answers how many inputs it gave. A batch
 * opens a world of its own, so that no world grows large. What fails names its seed.
 */
export async function fuzz(t: TestContext, batch: (seed: number) => Promise<number>): Promise<void> {
  let inputs = 0;
  for (let n = 0; n < times; n++)
    try {
      inputs += await batch(seed + n);
    } catch (error) {
      throw new Error(`FUZZ_SEED=${seed + n} makes it fail again`, { cause: error });
    }
  t.diagnostic(`${inputs} inputs, FUZZ_SEED=${seed}`);
}
