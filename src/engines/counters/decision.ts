import { z } from "zod";
import type { Counters } from "./counters.ts";

/** A row of what is used and reserved under a key. */
export const standing = z.object({ used: z.number(), reserved: z.number() });
/** A row of what is known of a reservation's id, if anything is. */
export const known = z.object({ settled: z.number(), expires_at: z.number() }).optional();

export type Asked = {
  readonly amount: number;
  readonly limit: number;
  readonly now: number;
  readonly standing: z.output<typeof standing>;
  readonly earlier: z.output<typeof known>;
};

/** What `reserve` answers, and whether the amount is to be taken for it. */
export function decide({ amount, limit, now, standing: { used, reserved }, earlier }: Asked): {
  readonly answer: Awaited<ReturnType<Counters["reserve"]>>;
  readonly takes: boolean;
} {
  const left = limit - used - reserved;
  const repeated = earlier !== undefined && (earlier.settled === 1 || earlier.expires_at > now);
  if (repeated) return { answer: { granted: true, left: Math.max(left, 0) }, takes: false };
  if (amount > left) return { answer: { granted: false, left: Math.max(left, 0) }, takes: false };
  return { answer: { granted: true, left: left - amount }, takes: true };
}
