/** Of a normal distribution: 99 % lies within as many standard deviations. */
export const z99 = 2.576;

export type Interval = { readonly low: number; readonly high: number };

/** Wilson's interval of a share: `of` trials of which `count` came out. Also for few trials and for none that did. */
export function shareInterval(count: number, of: number, z = z99): Interval {
  if (of === 0) return { low: 0, high: 1 };
  const share = count / of;
  const square = z * z;
  const middle = share + square / (2 * of);
  const reach = z * Math.sqrt((share * (1 - share) + square / (4 * of)) / of);
  const whole = 1 + square / of;
  return { low: Math.max(0, (middle - reach) / whole), high: Math.min(1, (middle + reach) / whole) };
}

/**
 * Newcombe's interval of the difference of two shares, the second less the first (R. G. Newcombe, Statistics in Medicine
 * 17, 1998, method 10).
 */
export function differenceInterval(
  before: { readonly count: number; readonly of: number },
  after: { readonly count: number; readonly of: number },
  z = z99,
): Interval {
  const [share0, share1] = [before.count / Math.max(1, before.of), after.count / Math.max(1, after.of)];
  const [first, second] = [
    shareInterval(before.count, before.of, z),
    shareInterval(after.count, after.of, z),
  ];
  const difference = share1 - share0;
  return {
    low: difference - Math.hypot(share1 - second.low, first.high - share0),
    high: difference + Math.hypot(second.high - share1, share0 - first.low),
  };
}

/** Of a percentile of `count` values: the percentiles between which it lies, whatever the distribution of the values. */
export function percentileBounds(percent: number, count: number, z = z99): Interval {
  if (count === 0) return { low: 0, high: 100 };
  const share = percent / 100;
  const reach = 100 * z * Math.sqrt((share * (1 - share)) / count);
  return { low: Math.max(0, percent - reach), high: Math.min(100, percent + reach) };
}
