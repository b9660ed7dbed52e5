import assert from "node:assert/strict";
import type { TestContext } from "node:test";

/** What is promised of everything that is changed or revoked, from the answer to that on. */
export const promisedMs = 1_000;

/** Waits for each, and asserts by the clock that it came within the second that is promised. `since` is of `performance.now()`. */
export async function inForce(
  t: TestContext,
  since: number,
  consequences: Readonly<Record<string, Promise<unknown>>>,
): Promise<void> {
  const took = async ([what, comes]: readonly [string, Promise<unknown>]): Promise<void> => {
    await comes;
    const ms = Math.round(performance.now() - since);
    t.diagnostic(`${what}: ${ms} ms later`);
    assert.ok(ms < promisedMs, `${what}: ${ms} ms later`);
  };
  await Promise.all(Object.entries(consequences).map(took));
}
