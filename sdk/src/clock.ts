// The only file of the agent that reads time.

/** Milliseconds since the epoch. */
export function wallMs(): number {
  return Date.now();
}

/** Milliseconds that only ever grow, from an arbitrary beginning: for durations. */
export function steadyMs(): number {
  return performance.now();
}
