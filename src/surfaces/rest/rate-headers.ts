import type { CallRate, Standing } from "../../registry/call-rate.ts";

/**
 * `RateLimit-Policy` and `RateLimit` as draft-ietf-httpapi-ratelimit-headers-11 has them: structured fields (RFC 9651) that
 * name the policy, its quota and window in seconds, and what is left for how many seconds.
 */
export function rateHeaders(
  { limit, windowMs }: CallRate,
  { left, resetAt }: Standing,
  now: number,
): Readonly<Record<string, string>> {
  const seconds = Math.max(1, Math.ceil((resetAt - now) / 1_000));
  return {
    "ratelimit-policy": `"default";q=${limit};w=${windowMs / 1_000}`,
    ratelimit: `"default";r=${left};t=${seconds}`,
  };
}
