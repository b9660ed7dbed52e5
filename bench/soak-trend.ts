import { median as medianOf } from "./bench-server.ts";

/** Where a figure goes over time. */
export type Trend = {
  readonly first: number;
  readonly median: number;
  readonly max: number;
  /** By how much it moves from the first sample to the last, by the median of the slopes between all pairs (Theil and Sen). */
  readonly growth: number;
};

/** What one figure may grow by over the samples looked at: a part of its median, or `atLeast`, whichever is more. */
export type Bound = { readonly part: number; readonly atLeast: number };

/**
 * The trend of evenly spaced samples. A single peak, or one sample in four that is far off, does not move it: what it
 * shows is what stays.
 */
export function trendOf(samples: readonly number[]): Trend {
  const slopes = samples.flatMap((from, i) => samples.slice(i + 1).map((to, n) => (to - from) / (n + 1)));
  return {
    first: samples[0] ?? Number.NaN,
    median: medianOf(samples),
    max: Math.max(...samples),
    growth: slopes.length === 0 ? 0 : medianOf(slopes) * (samples.length - 1),
  };
}

export function isBounded({ median, growth }: Trend, { part, atLeast }: Bound): boolean {
  return growth <= Math.max(median * part, atLeast);
}
