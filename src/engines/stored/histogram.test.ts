import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { leastMs, slotMax, slotOf } from "../../../capture/slots.ts";
import { Histogram } from "./histogram.ts";

const runs = { numRuns: 500 };

/** Over all magnitudes alike: microseconds to years, and what counts as 0. */
const duration = fc.oneof(
  { weight: 8, arbitrary: fc.double({ min: -3, max: 11, noNaN: true }).map((power) => 10 ** power) },
  { weight: 2, arbitrary: fc.nat(100) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: leastMs, noNaN: true }) },
);
const durations = fc.array(duration, { minLength: 1, maxLength: 60 });
const percent = fc.oneof(fc.constantFrom(0, 50, 95, 99, 100), fc.double({ min: 0, max: 100, noNaN: true }));

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

function encoded(values: readonly number[]): Uint8Array {
  return histogramOf(values).encode();
}

/** By definition: linear between ranks of the sorted values. */
function exactly(values: readonly number[], percentage: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = ((sorted.length - 1) * percentage) / 100;
  const [low, high] = [sorted[Math.floor(rank)] ?? 0, sorted[Math.ceil(rank)] ?? 0];
  return low + (high - low) * (rank - Math.floor(rank));
}

test("any percentile is within 1 % of that of the durations, or a microsecond", () => {
  fc.assert(
    fc.property(durations, percent, (values, percentage) => {
      const wanted = exactly(values, percentage);
      const found = histogramOf(values).percentile(percentage);
      assert.ok(Math.abs(found - wanted) < wanted * 0.01 + leastMs, `${found} instead of ${wanted}`);
    }),
    runs,
  );
});

test("histograms of the parts add up to that of the whole, in any order", () => {
  fc.assert(
    fc.property(fc.array(durations, { minLength: 1, maxLength: 5 }), (parts) => {
      const sum = new Histogram();
      for (const part of parts.toReversed()) sum.addEncoded(encoded(part));
      assert.deepEqual(sum.encode(), encoded(parts.flat()));
    }),
    runs,
  );
});

test("counts beyond 32 bits survive", () => {
  const many = new Histogram();
  many.addSlot(slotOf(7), 2 ** 50 + 3);
  many.addSlot(slotOf(900), 2 ** 33);
  const again = new Histogram();
  again.addEncoded(many.encode());
  assert.deepEqual(again.encode(), many.encode());
  assert.equal(again.percentile(50), many.percentile(50));
});

test("an emptied histogram is like a new one", () => {
  const used = histogramOf([1, 2_000, 0.5]);
  used.clear();
  assert.equal(used.percentile(50), 0);
  assert.equal(used.encode().length, 0);
  used.add(20);
  assert.deepEqual(used.encode(), encoded([20]));
});

test("whatever is longer than the last slot is in it", () => {
  assert.equal(slotOf(Number.MAX_VALUE), slotMax);
  assert.equal(slotOf(Infinity), slotMax);
  assert.equal(slotOf(0), 0);
});

test("bytes that are cut off or name a slot that is none are refused", () => {
  const whole = encoded([3, 4_000]);
  const histogram = new Histogram();
  assert.throws(() => histogram.addEncoded(whole.subarray(0, -1)), TypeError);
  assert.throws(() => histogram.addEncoded(Uint8Array.of(255, 127, 1)), TypeError);
});
