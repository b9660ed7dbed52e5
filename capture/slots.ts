/**
 * Slots that durations are counted in: their bounds grow by 2 %, slot n holds what is above `leastMs * gamma ** (n - 1)`
 * and at most `leastMs * gamma ** n`. Bounds are the same for all, so that counts of parts add up to those of the whole,
 * and a value read back is off by less than 1 % ((gamma - 1) / (gamma + 1)).
 */
export const gamma = 1.02;
/** In ms: this and less counts as 0, in slot 0. */
export const leastMs = 0.001;
/** The last slot ends past 4,000 years and holds whatever is longer still. */
export const slotMax = 2_000;

/** Slots in which a duration grows by the factor e. */
export const slotsPerE = 1 / Math.log(gamma);

export function slotOf(ms: number): number {
  return ms > leastMs ? Math.min(Math.ceil(Math.log(ms / leastMs) * slotsPerE), slotMax) : 0;
}
