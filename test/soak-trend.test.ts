import assert from "node:assert/strict";
import { test } from "node:test";
import { isBounded, trendOf } from "../bench/soak-trend.ts";

const bound = { part: 0.1, atLeast: 5 };

test("what rises steadily is told by how much, from the first sample to the last", () => {
  const trend = trendOf(Array.from({ length: 101 }, (_, n) => 1_000 + 2 * n));
  assert.deepEqual(trend, { quarters: [1_024, 1_074, 1_124, 1_176], median: 1_100, max: 1_200, growth: 200 });
  assert.equal(isBounded(trend, bound), false);
  assert.equal(isBounded(trend, { ...bound, part: 0.2 }), true);
});

test("peaks and a saw's teeth are no growth, and neither is what shrinks", () => {
  const teeth = Array.from({ length: 120 }, (_, n) => 100 + (n % 10) * 10);
  assert.equal(isBounded(trendOf(teeth), bound), true);
  assert.equal(isBounded(trendOf(teeth.with(119, 100_000).with(60, 50_000)), bound), true);
  assert.equal(isBounded(trendOf([100, 90, 80, 70]), bound), true);
});

test("a leak is found under a saw's teeth", () => {
  const leaking = Array.from({ length: 120 }, (_, n) => 100 + (n % 10) * 10 + n);
  assert.equal(isBounded(trendOf(leaking), bound), false);
});

test("a small figure may move by as much as is allowed at least", () => {
  assert.equal(isBounded(trendOf([4, 5, 6, 7, 8]), bound), true);
  assert.equal(isBounded(trendOf([4, 7, 10, 13, 16]), bound), false);
  assert.equal(trendOf([7]).growth, 0);
});
