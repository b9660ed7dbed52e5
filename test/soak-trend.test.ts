import assert from "node:assert/strict";
import { test } from "node:test";
import { excessOf, trendOf } from "../bench/soak-trend.ts";

const bound = { part: 0.1, atLeast: 5 };

test("what rises steadily is told by how much, from the first sample to the last", () => {
  const trend = trendOf(Array.from({ length: 101 }, (_, n) => 1_000 + 2 * n));
  assert.deepEqual(trend, { quarters: [1_024, 1_074, 1_124, 1_176], median: 1_100, max: 1_200, growth: 200 });
  assert.match(excessOf(trend, bound) ?? "", /^grows by /);
  assert.equal(excessOf(trend, { ...bound, part: 0.2 }), undefined);
});

test("peaks and a saw's teeth are no growth, and neither is what shrinks", () => {
  const teeth = Array.from({ length: 120 }, (_, n) => 100 + (n % 10) * 10);
  assert.equal(excessOf(trendOf(teeth), bound), undefined);
  assert.equal(excessOf(trendOf(teeth.with(119, 100_000).with(60, 50_000)), bound), undefined);
  assert.equal(excessOf(trendOf([100, 90, 80, 70]), bound), undefined);
});

test("a leak is found under a saw's teeth", () => {
  const leaking = Array.from({ length: 120 }, (_, n) => 100 + (n % 10) * 10 + n);
  assert.match(excessOf(trendOf(leaking), bound) ?? "", /^grows by /);
});

test("a small figure may move by as much as is allowed at least", () => {
  assert.equal(excessOf(trendOf([4, 5, 6, 7, 8]), bound), undefined);
  assert.match(excessOf(trendOf([4, 7, 10, 13, 16]), bound) ?? "", /^grows by /);
  assert.equal(trendOf([7]).growth, 0);
});

test("what stays level is found when it is more than the most there may be", () => {
  assert.equal(excessOf(trendOf([70, 70, 70]), { ...bound, most: 70 }), undefined);
  assert.equal(excessOf(trendOf([70, 71, 70]), { ...bound, most: 70 }), "reaches 71.0");
});

test("what could not be read is not taken for what is within its bound", () => {
  assert.equal(excessOf(trendOf([1, Number.NaN, 1]), bound), "could not be read");
});
