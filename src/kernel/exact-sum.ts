/** Both together, and at most what numbers are exact to: what is stored of counts has to be read back as a count. */
export function exactSum(one: number, other: number): number {
  return Math.min(one + other, Number.MAX_SAFE_INTEGER);
}
