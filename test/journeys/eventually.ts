import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const looksMax = 1_200;
const lookEveryMs = 50;

/** Looks again and again until there is something to see; a test that waits in vain says what for. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let looks = 0; looks < looksMax; looks++) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await sleep(lookEveryMs);
  }
  return assert.fail(`it never came: ${what}`);
}
