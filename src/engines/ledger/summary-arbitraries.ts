import fc from "fast-check";
import type { Sum } from "./ledger.ts";
import { day } from "./samples.ts";
import type { Calls } from "./summary-oracle.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const midnight = day - (day % (24 * hourMs));
const [buckets, environments] = [
  ["shop", "admin"],
  ["production", "staging"],
];
const routes = ["/a", "/a/{id}", "", "/é\n"];

/** Six hours, often at the edge of a quarter or an hour: that is where intervals go wrong. */
export const minute = fc
  .tuple(fc.nat(24), fc.constantFrom(-1, 0, 0, 0, 1, 7))
  .map(([quarter, minutes]) => midnight + (quarter * 15 + minutes) * minuteMs);

const calls: fc.Arbitrary<Omit<Calls, "workspace">> = fc.record({
  environment: fc.constantFrom(...environments),
  bucket: fc.constantFrom(...buckets),
  at: minute,
  method: fc.constantFrom("GET", "POST"),
  route: fc.constantFrom(...routes),
  status: fc.constantFrom(0, 200, 204, 404, 500, 503),
  outcome: fc.constantFrom("answered", "failed"),
  requestBytes: fc.nat(2 ** 30),
  responseBytes: fc.constantFrom(0, 1, 127, 128, 2 ** 40),
  ms: fc.array(fc.double({ min: 0.002, max: 90_000, noNaN: true }), { minLength: 1, maxLength: 5 }),
});

/** The calls of one entry. */
export const entry = fc.array(calls, { maxLength: 12 });

const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });

export const question: fc.Arbitrary<Omit<Sum, "workspace">> = fc
  .record(
    {
      between: fc.tuple(minute, minute),
      environment: fc.constantFrom(...environments),
      buckets: some([...buckets, "none"]),
      stepMs: fc.constantFrom(minuteMs, 5 * minuteMs, 15 * minuteMs, 30 * minuteMs, hourMs, 24 * hourMs),
      by: fc.subarray(["route", "method", "status", "class", "outcome", "bucket", "environment"] as const, {
        maxLength: 3,
      }),
      only: fc.constantFrom(
        ({ route }: { readonly route: string }) => route === "/a",
        ({ status }: { readonly status: number }) => status >= 500,
      ),
    },
    { requiredKeys: ["between", "by"] },
  )
  .map(({ between: [one, other], environment, buckets: of, ...rest }) => ({
    ...rest,
    where: {
      from: Math.min(one, other),
      to: Math.max(one, other),
      ...(environment !== undefined && { environment }),
      ...(of !== undefined && { buckets: of }),
    },
  }));

/** What may happen between two questions. */
export const happening = fc.oneof(
  { weight: 4, arbitrary: fc.record({ commit: entry, times: fc.constantFrom(1, 1, 1, 2) }) },
  { weight: 3, arbitrary: fc.record({ roll: fc.constantFrom(1, 2, 1_000) }) },
  { weight: 1, arbitrary: fc.record({ expire: minute }) },
);
