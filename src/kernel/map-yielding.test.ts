import assert from "node:assert/strict";
import { test } from "node:test";
import { mapYielding } from "./map-yielding.ts";

/** Keeps the event loop for so many milliseconds. */
function work(ms: number): void {
  const from = performance.now();
  while (performance.now() - from < ms);
}

test("it maps in order, and others have the event loop meanwhile", async () => {
  const turns = [0];
  const ticking = setInterval(() => turns.push(0), 1);
  const mapped = await mapYielding([1, 2, 3, 4, 5], (n) => {
    work(6);
    turns[turns.length - 1] = (turns.at(-1) ?? 0) + 1;
    return n * 2;
  });
  clearInterval(ticking);
  assert.deepEqual(mapped, [2, 4, 6, 8, 10]);
  assert.ok(turns.length > 2, `all in ${turns.length} turns`);
  assert.ok(Math.max(...turns) <= 2, `some had no turn for ${Math.max(...turns)} calls`);
});

test("what throws rejects", async () => {
  const failing = mapYielding([1], () => {
    throw new RangeError("no");
  });
  await assert.rejects(failing, RangeError);
});
