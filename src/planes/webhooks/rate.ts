import type { Clock } from "../../kernel/clock.ts";

const burstSeconds = 5;
const keysMax = 10_000;

export type Rate = {
  /** 0 when one more is allowed (and counted), else the milliseconds until one is. */
  take(key: string): number;
};

/** A token bucket per key: `perSecond` on average, five seconds' worth at once. `perSecond` 0 allows everything. */
export function rate(perSecond: number, clock: Clock): Rate {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const burst = perSecond * burstSeconds;
  return {
    take(key) {
      if (perSecond === 0) return 0;
      const now = clock.now();
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        if (buckets.size >= keysMax) buckets.clear();
        buckets.set(key, (bucket = { tokens: burst, at: now }));
      }
      const elapsedMs = Math.max(0, now - bucket.at);
      bucket.tokens = Math.min(burst, bucket.tokens + (elapsedMs * perSecond) / 1_000);
      bucket.at = now;
      if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * 1_000) / perSecond);
      bucket.tokens -= 1;
      return 0;
    },
  };
}
