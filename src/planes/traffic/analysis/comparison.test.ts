import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { comparisonOf, mixOf, type Side } from "./comparison.ts";
import { differenceInterval, shareInterval } from "./interval.ts";

/** Durations of which `percentile` is exact. */
function side(
  requests: number,
  errors: number,
  durations: (percent: number) => number = (percent) => percent,
): Side {
  return { requests, errors, durations: requests === 0 ? null : { percentile: durations } };
}

describe("a verdict", () => {
  test("more errors than chance makes are a regression", () => {
    const { verdict, errorRate } = comparisonOf(side(10_000, 50), side(10_000, 150));
    assert.equal(verdict, "regressed");
    assert.ok(errorRate.difference.low > 0);
  });

  test("fewer are an improvement", () => {
    assert.equal(comparisonOf(side(10_000, 150), side(10_000, 50)).verdict, "improved");
  });

  test("as many, but for chance, are no evidence", () => {
    assert.equal(comparisonOf(side(10_000, 100), side(10_000, 115)).verdict, "no evidence");
  });

  test("too few requests say nothing, whatever came of them", () => {
    assert.equal(comparisonOf(side(10_000, 0), side(29, 29)).verdict, "insufficient data");
    assert.equal(comparisonOf(side(0, 0), side(0, 0)).verdict, "insufficient data");
  });

  test("slower answers are a regression, also without errors", () => {
    const { verdict, p95Ms } = comparisonOf(
      side(10_000, 0, (percent) => 10 + percent),
      side(10_000, 0, (percent) => 2 * (10 + percent)),
    );
    assert.equal(verdict, "regressed");
    assert.equal(p95Ms.verdict, "regressed");
    assert.ok((p95Ms.ratio?.low ?? 0) > 1.5);
  });

  test("of few requests a percentile is known too badly to tell", () => {
    const { p95Ms } = comparisonOf(
      side(40, 0, (percent) => 1.2 ** percent),
      side(40, 0, (percent) => 1.5 * 1.2 ** percent),
    );
    assert.equal(p95Ms.verdict, "no evidence");
  });
});

describe("the mix of traffic is told apart", () => {
  test("where every route is as before, all of the change is the mix", () => {
    const { fromMix, fromRoutes } = mixOf([
      { before: side(9_000, 90), after: side(5_000, 50) },
      { before: side(1_000, 100), after: side(5_000, 500) },
    ]);
    assert.ok(Math.abs(fromRoutes) < 1e-12);
    assert.ok(Math.abs(fromMix - (550 / 10_000 - 190 / 10_000)) < 1e-12);
  });

  test("where only a route changed, none of it is", () => {
    const { fromMix, fromRoutes } = mixOf([
      { before: side(5_000, 50), after: side(5_000, 250) },
      { before: side(5_000, 50), after: side(5_000, 50) },
    ]);
    assert.ok(Math.abs(fromMix) < 1e-12);
    assert.ok(Math.abs(fromRoutes - 0.02) < 1e-12);
  });

  test("what the mix alone changed is no verdict on the routes, however large it is", () => {
    const moved = [
      { before: side(9_000, 90), after: side(1_000, 10) },
      { before: side(1_000, 100), after: side(9_000, 900) },
    ];
    const whole = comparisonOf(side(10_000, 190), side(10_000, 910));
    assert.equal(whole.errorRate.verdict, "regressed");
    assert.equal(mixOf(moved).verdict, "no evidence");
  });

  test("what a route changed is one, also where the mix hides it", () => {
    const hidden = [
      { before: side(5_000, 0), after: side(9_000, 90) },
      { before: side(5_000, 100), after: side(1_000, 20) },
    ];
    const whole = comparisonOf(side(10_000, 100), side(10_000, 110));
    assert.equal(whole.errorRate.verdict, "no evidence");
    const { verdict, difference, fromRoutes } = mixOf(hidden);
    assert.equal(verdict, "regressed");
    assert.ok(difference.low > 0 && difference.low < fromRoutes && fromRoutes < difference.high);
  });

  test("one route's interval is that of the whole", () => {
    const [before, after] = [side(1_000, 10), side(1_000, 40)];
    assert.deepEqual(mixOf([{ before, after }]).difference, comparisonOf(before, after).errorRate.difference);
  });

  test("too few requests say nothing of the routes either", () => {
    assert.equal(mixOf([{ before: side(10_000, 0), after: side(29, 29) }]).verdict, "insufficient data");
  });
});

describe("intervals", () => {
  let state = 7;
  const random = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const drawn = (share: number, of: number) =>
    Array.from({ length: of }, random).filter((it) => it < share).length;

  test("hold what the routes really changed by in about 99 of 100 samples, whatever the mix does", () => {
    let held = 0;
    for (let sample = 0; sample < 1_000; sample++) {
      const routes = [0.01, 0.03, 0.2].map((share, n) => ({
        before: side(300, drawn(share, 300)),
        after: side(100 * (n + 2), drawn(share, 100 * (n + 2))),
      }));
      const { low, high } = mixOf(routes).difference;
      if (low <= 0 && high >= 0) held++;
    }
    assert.ok(held > 970, `${held} of 1000`);
  });

  test("hold the true share in about 99 of 100 samples", () => {
    let held = 0;
    for (let sample = 0; sample < 1_000; sample++) {
      const { low, high } = shareInterval(drawn(0.03, 200), 200);
      if (low <= 0.03 && high >= 0.03) held++;
    }
    assert.ok(held > 970, `${held} of 1000`);
  });

  test("of a difference lie around it and are wider for fewer trials", () => {
    const few = differenceInterval({ count: 5, of: 100 }, { count: 10, of: 100 });
    const many = differenceInterval({ count: 500, of: 10_000 }, { count: 1_000, of: 10_000 });
    assert.ok(few.low < 0.05 && few.high > 0.05 && many.low < 0.05 && many.high > 0.05);
    assert.ok(many.high - many.low < few.high - few.low);
    assert.ok(few.low < 0 && many.low > 0);
  });
});
