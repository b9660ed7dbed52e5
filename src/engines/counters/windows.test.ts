import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryWindows } from "./windows.ts";

test("when there are too many windows, the one begun first is forgotten and the others count on", async () => {
  const hit = memoryWindows({ now: () => 0 }, 3);
  for (const key of ["a", "b", "c", "a", "d"]) await hit(key, 9, 1000);
  assert.equal((await hit("b", 9, 1000)).count, 2);
  assert.equal((await hit("c", 9, 1000)).count, 2);
  assert.equal((await hit("d", 9, 1000)).count, 2);
  assert.equal((await hit("a", 9, 1000)).count, 1);
});

test("windows that are over make room before live ones do", async () => {
  let now = 0;
  const hit = memoryWindows({ now: () => now }, 4);
  await hit("long", 9, 1_000_000);
  for (const key of ["a", "b", "c"]) await hit(key, 9, 1000);
  now = 5000;
  for (let n = 0; n < 4; n++) await hit("long", 9, 1_000_000);
  for (const key of ["d", "e", "f"]) await hit(key, 9, 1000);
  assert.equal((await hit("long", 9, 1_000_000)).count, 6);
});

test("a clock that steps back into another window starts that one anew", async () => {
  let now = 1000;
  const hit = memoryWindows({ now: () => now }, 4);
  await hit("a", 9, 1000);
  now = 999;
  assert.deepEqual(await hit("a", 9, 1000), { allowed: true, count: 1, resetAt: 1000 });
});
