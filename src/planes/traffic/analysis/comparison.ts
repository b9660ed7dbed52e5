import { isError, type Counted } from "../counted.ts";
import { differenceInterval, percentileBounds, type Interval } from "./interval.ts";

/** What is known of requests in one window: of one route or of all. */
export type Side = {
  readonly requests: number;
  readonly errors: number;
  /** What the percentiles are of; null without requests. */
  readonly durations: Counted["durations"] | null;
};

export type Verdict = "regressed" | "improved" | "no evidence" | "insufficient data";

export type Comparison = {
  readonly verdict: Verdict;
  readonly errorRate: {
    readonly before: number;
    readonly after: number;
    /** 99 % of them. */
    readonly difference: Interval;
    readonly verdict: Verdict;
  };
  readonly p95Ms: {
    readonly before: number | null;
    readonly after: number | null;
    /** 99 % interval of after divided by before; null when either is not known. */
    readonly ratio: Interval | null;
    readonly verdict: Verdict;
  };
};

/** In either window fewer requests than this say nothing. */
export const requestsMin = 30;
/** Differences of error rates that matter, however sure. */
const rateDifferenceMin = 0.001;
/** Ratios of durations that matter: below, percentiles are told apart by less than their slots are wide. */
const ratioMin = 1.05;

export function comparisonOf(before: Side, after: Side): Comparison {
  const enough = before.requests >= requestsMin && after.requests >= requestsMin;
  const difference = differenceOf(before, after);
  const ratio = enough ? ratioOf(before, after) : null;
  const byRate: Verdict = enough ? verdictOf(difference, 0, rateDifferenceMin) : "insufficient data";
  const byTime: Verdict =
    ratio === null ? "insufficient data" : verdictOf(logarithms(ratio), 0, Math.log(ratioMin));
  return {
    verdict: worseOf(byRate, byTime),
    errorRate: { before: rateOf(before), after: rateOf(after), difference, verdict: byRate },
    p95Ms: { before: p95Of(before), after: p95Of(after), ratio, verdict: byTime },
  };
}

export type Mix = {
  readonly fromMix: number;
  readonly fromRoutes: number;
  /** 99 % interval of `fromRoutes`. */
  readonly difference: Interval;
  /** On the routes alone. */
  readonly verdict: Verdict;
};

/**
 * How much of a changed error rate comes from other traffic than before, and how much from routes that answer otherwise:
 * the two add up to the change (Kitagawa's decomposition, with the mean of both windows as weights). The interval is put
 * together from those of the routes (G. Y. Zou and A. Donner, Statistics in Medicine 27, 2008).
 */
export function mixOf(routes: readonly { readonly before: Side; readonly after: Side }[]): Mix {
  const [all0, all1] = [totalOf(routes, "before"), totalOf(routes, "after")];
  let [fromMix, fromRoutes] = [0, 0];
  let [below, above] = [0, 0];
  if (all0 === 0 || all1 === 0)
    return { fromMix, fromRoutes, difference: { low: 0, high: 0 }, verdict: "insufficient data" };
  for (const { before, after } of routes) {
    const [share0, share1] = [before.requests / all0, after.requests / all1];
    // A route that one window does not have can only have changed the mix.
    const rate0 = before.requests === 0 ? rateOf(after) : rateOf(before);
    const rate1 = after.requests === 0 ? rateOf(before) : rateOf(after);
    fromMix += (share1 - share0) * ((rate0 + rate1) / 2);
    if (before.requests === 0 || after.requests === 0) continue;
    const weight = (share0 + share1) / 2;
    const { low, high } = differenceOf(before, after);
    fromRoutes += (rate1 - rate0) * weight;
    below = Math.hypot(below, weight * (rate1 - rate0 - low));
    above = Math.hypot(above, weight * (high - (rate1 - rate0)));
  }
  const difference = { low: fromRoutes - below, high: fromRoutes + above };
  const enough = all0 >= requestsMin && all1 >= requestsMin;
  const verdict = enough ? verdictOf(difference, 0, rateDifferenceMin) : "insufficient data";
  return { fromMix, fromRoutes, difference, verdict };
}

/** Sums of one window, as the side of a comparison. */
export function sideOf(sums: readonly Counted[], durations: Side["durations"]): Side {
  const requests = sums.reduce((total, { count }) => total + count, 0);
  const errors = sums.reduce((total, sum) => total + (isError(sum) ? sum.count : 0), 0);
  return { requests, errors, durations };
}

function differenceOf(before: Side, after: Side): Interval {
  return differenceInterval(
    { count: before.errors, of: before.requests },
    { count: after.errors, of: after.requests },
  );
}

function rateOf({ requests, errors }: Side): number {
  return requests === 0 ? 0 : errors / requests;
}

function p95Of({ durations }: Side): number | null {
  return durations === null ? null : durations.percentile(95);
}

function ratioOf(before: Side, after: Side): Interval | null {
  if (before.durations === null || after.durations === null) return null;
  const [first, second] = [boundsOf(before, before.durations), boundsOf(after, after.durations)];
  if (first.low <= 0) return null;
  return { low: second.low / first.high, high: second.high / first.low };
}

function boundsOf({ requests }: Side, durations: NonNullable<Side["durations"]>): Interval {
  const { low, high } = percentileBounds(95, requests);
  return { low: durations.percentile(low), high: durations.percentile(high) };
}

function logarithms({ low, high }: Interval): Interval {
  return { low: low <= 0 ? -Infinity : Math.log(low), high: high <= 0 ? -Infinity : Math.log(high) };
}

/** Sure in one direction, and by as much as matters. */
function verdictOf({ low, high }: Interval, none: number, matters: number): Verdict {
  const middle = (low + high) / 2;
  if (low > none && middle >= matters) return "regressed";
  if (high < none && -middle >= matters) return "improved";
  return "no evidence";
}

const order: readonly Verdict[] = ["regressed", "improved", "no evidence", "insufficient data"];

function worseOf(...verdicts: readonly Verdict[]): Verdict {
  return order.find((it) => verdicts.includes(it)) ?? "insufficient data";
}

function totalOf(routes: readonly Record<"before" | "after", Side>[], side: "before" | "after"): number {
  return routes.reduce((total, route) => total + route[side].requests, 0);
}
