import { median as medianOf } from "./bench-server.ts";

/** Where a figure goes over time. */
export type Trend = {
  /** The medians of its four quarters: where it levels off is seen. */
  readonly quarters: readonly number[];
  readonly median: number;
  readonly max: number;
  /** By how much it moves from the first sample to the last, by the median of the slopes between all pairs (Theil and Sen). */
  readonly growth: number;
};

/**
 * What one figure may grow by over the samples looked at: a part of its median, or `atLeast`, whichever is more. `most`
 * is what no sample may exceed, for what has grown too far before anyone looked.
 */
export type Bound = { readonly part: number; readonly atLeast: number; readonly most?: number };

/**
 * The trend of evenly spaced samples. A single peak, or one sample in four that is far off, does not move it: what it
 * shows is what stays.
 */
export function trendOf(samples: readonly number[]): Trend {
  const at = (quarter: number): number => Math.floor((samples.length * quarter) / 4);
  const slopes = samples.flatMap((from, i) => samples.slice(i + 1).map((to, n) => (to - from) / (n + 1)));
  return {
    quarters: [0, 1, 2, 3].map((n) => medianOf(samples.slice(at(n), Math.max(at(n) + 1, at(n + 1))))),
    median: medianOf(samples),
    max: Math.max(...samples),
    growth: slopes.length === 0 ? 0 : medianOf(slopes) * (samples.length - 1),
  };
}

/** What is wrong with a figure; undefined = nothing. */
export function excessOf({ median, growth, max }: Trend, { part, atLeast, most }: Bound): string | undefined {
  if (Number.isNaN(max)) return "could not be read";
  if (growth > Math.max(median * part, atLeast)) return `grows by ${growth.toFixed(1)}`;
  if (most !== undefined && max > most) return `reaches ${max.toFixed(1)}`;
  return undefined;
}
