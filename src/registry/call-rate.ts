import { Failure } from "../kernel/failure.ts";
import type { Principal } from "../kernel/principal.ts";
import type { Authenticate } from "./credentials.ts";
import type { Engines } from "./engines.ts";

/** Where a credential stands in the window that its call fell in. */
export type Standing = {
  readonly allowed: boolean;
  /** How many more calls the window takes. */
  readonly left: number;
  /** When the next window begins, ms. */
  readonly resetAt: number;
};

/** How many calls one credential may make, over all surfaces and nodes together. */
export type CallRate = {
  readonly limit: number;
  readonly windowMs: number;
  take(principal: Principal): Promise<Standing>;
};

const windowMs = 60_000;
const spentMax = 10_000;

/** Calls of one credential in a minute; undefined for 0, which is no limit. */
export function callRate(
  perMinute: number,
  { clock, counters }: Pick<Engines, "clock" | "counters">,
): CallRate | undefined {
  if (perMinute === 0) return undefined;
  // Whoever goes on calling after the limit costs no database its work.
  const spent = new Map<string, number>();
  return {
    limit: perMinute,
    windowMs,
    async take({ credential }) {
      const key = `calls/${credential.kind}/${credential.id}`;
      const spentUntil = spent.get(key) ?? 0;
      if (spentUntil > clock.now()) return { allowed: false, left: 0, resetAt: spentUntil };
      spent.delete(key);
      const { allowed, count, resetAt } = await counters.hit(key, perMinute, windowMs);
      if (!allowed) {
        if (spent.size >= spentMax) spent.clear();
        spent.set(key, resetAt);
      }
      return { allowed, left: Math.max(0, perMinute - count), resetAt };
    },
  };
}

/** @throws Failure limited, with when to come back, when the call was one too many */
export function refuseTooMany({ allowed, resetAt }: Standing, { limit }: CallRate, now: number): void {
  if (allowed) return;
  throw new Failure("limited", `This credential has made its ${limit} calls of this minute.`, {
    retryAfterMs: Math.max(0, resetAt - now),
    hint: "Wait, then go on. SLUICE_API_RATE sets how many calls a minute one credential may make.",
  });
}

/** For surfaces whose answers do not say where one stands: who asks, unless it asks too often. */
export function rateLimited(
  authenticate: Authenticate,
  rate: CallRate | undefined,
  { clock }: Pick<Engines, "clock">,
): Authenticate {
  if (rate === undefined) return authenticate;
  return async (credentials) => {
    const principal = await authenticate(credentials);
    refuseTooMany(await rate.take(principal), rate, clock.now());
    return principal;
  };
}
