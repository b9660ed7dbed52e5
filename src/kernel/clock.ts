/** The only source of time: milliseconds since the Unix epoch. */
export type Clock = { now(): number };

export const wallClock: Clock = { now: () => Date.now() };
