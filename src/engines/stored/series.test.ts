import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";
import { decodeSeries, encodeSeries, minuteMs } from "./series.ts";

const count = fc.maxSafeNat();
const durations = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })).map((all) => {
  const histogram = new Histogram();
  for (const ms of all) histogram.add(ms);
  return histogram.encode();
});
const text = fc.string({ unit: "grapheme", maxLength: 200 });
const series = fc.record(
  {
    at: fc.nat(10_000).map((minutes) => 1_700_000_040_000 + minutes * minuteMs),
    method: text,
    route: text,
    status: fc.nat(999),
    outcome: text,
    count,
    requestBytes: count,
    responseBytes: count,
    durationMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
    durations,
  },
  { noNullPrototype: true },
);

test("series read back as they were", () => {
  fc.assert(
    fc.property(fc.array(series), (all) => {
      const again = decodeSeries(encodeSeries(all, 1_700_000_040_000), 1_700_000_040_000);
      const plain = again.map((one) => ({ ...one, durations: Uint8Array.from(one.durations) }));
      assert.deepEqual(plain, all);
    }),
  );
});

test("bytes that are no series are refused", () => {
  assert.throws(() => decodeSeries(new Uint8Array(0), 0), TypeError);
  assert.throws(() => decodeSeries(Uint8Array.of(2, 0), 0), TypeError);
  assert.throws(() => decodeSeries(Uint8Array.of(1, 0, 0, 7, 0, 0), 0), TypeError);
  assert.throws(() => decodeSeries(Uint8Array.of(1, 255), 0), TypeError);
});
