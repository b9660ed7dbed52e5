import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { grains, spansOf } from "./intervals.ts";

const minuteMs = 60_000;
const noon = 1_700_000_000_000 - (1_700_000_000_000 % (24 * 60 * minuteMs));

test("a range is made up of the longest intervals that fit, and of each moment once", () => {
  const minutes = fc.tuple(fc.nat(4_000), fc.nat(4_000));
  const steps = fc.option(fc.constantFrom(1, 5, 15, 20, 60, 90, 1_440));
  fc.assert(
    fc.property(minutes, steps, ([one, other], step) => {
      const [from, to] = [Math.min(one, other), Math.max(one, other)];
      const stepMs = step === null ? undefined : step * minuteMs;
      const spans = spansOf(noon + from * minuteMs, noon + to * minuteMs, stepMs);
      let end = noon + from * minuteMs;
      for (const span of spans) {
        assert.equal(span.from, end);
        assert.equal(span.from % span.grain, 0);
        assert.equal(span.to % span.grain, 0);
        assert.ok(stepMs === undefined || stepMs % span.grain === 0);
        end = span.to;
      }
      assert.equal(end, Math.max(noon + to * minuteMs, noon + from * minuteMs));
      for (const grain of grains)
        assert.ok(spans.filter((span) => span.grain === grain).length <= 2, "both ends at most");
    }),
  );
});

test("of a day in steps of a quarter there are quarters alone, and of a day without steps hours", () => {
  const day = { from: noon, to: noon + 1_440 * minuteMs };
  assert.deepEqual(spansOf(day.from, day.to, 15 * minuteMs), [{ grain: 15 * minuteMs, ...day }]);
  assert.deepEqual(spansOf(day.from, day.to, undefined), [{ grain: 60 * minuteMs, ...day }]);
  assert.deepEqual(spansOf(day.from, day.to, 5 * minuteMs), [{ grain: minuteMs, ...day }]);
});
