import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { onLull } from "./lull.ts";

test("who stirs once, or often in one turn, is called once and later", async () => {
  let calls = 0;
  const stir = onLull(() => void calls++);
  for (let n = 0; n < 10; n++) stir();
  assert.equal(calls, 0);
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  assert.equal(calls, 1);
});

test("while more comes in each turn it is put off, but comes all the same", async () => {
  const from = performance.now();
  let calledAt: number | undefined;
  const stir = onLull(() => (calledAt ??= performance.now()));
  while (calledAt === undefined) {
    stir();
    await setImmediate();
  }
  assert.ok(calledAt - from >= 2);
});

test("what is stirred after a call is called again", async () => {
  let calls = 0;
  const stir = onLull(() => void calls++);
  for (let n = 1; n <= 3; n++) {
    stir();
    while (calls < n) await setImmediate();
    assert.equal(calls, n);
  }
});
