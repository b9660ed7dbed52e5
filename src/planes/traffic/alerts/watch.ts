import { z } from "zod";

const requests = z.int().min(1).max(1_000_000_000);
const requestsMin = requests.default(20).describe("What it takes to fire; fewer say nothing.");

/** What an alert looks at. */
export const Watch = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("error_rate"),
    above: z
      .number()
      .min(0)
      .lt(1)
      .describe("A share, such as 0.05.")
      .meta({ examples: [0.05] }),
    errors: z
      .enum(["server", "all"])
      .default("server")
      .describe("`server`: 5xx and requests that failed; `all`: 4xx too."),
    requestsMin,
  }),
  z.strictObject({
    kind: z.literal("response_time"),
    percentile: z.number().min(1).max(99.9).default(95),
    aboveMs: z.number().min(0).max(86_400_000),
    requestsMin,
  }),
  z.strictObject({
    kind: z.literal("absence"),
    fewerThan: requests.default(1).describe("Fires with fewer requests than this in the window."),
  }),
  z.strictObject({ kind: z.literal("remainder") }),
]);

export type Watch = z.output<typeof Watch>;

/** What an alert is about, in words. */
export function wordsOf(watch: Watch, windowMinutes: number): string {
  const window = `in ${windowMinutes} min`;
  if (watch.kind === "remainder") return `webhooks received ${window} that neither ended nor are waiting`;
  if (watch.kind === "absence") return `fewer than ${watch.fewerThan} requests ${window}`;
  const of = `of at least ${watch.requestsMin} requests ${window}`;
  if (watch.kind === "response_time") return `p${watch.percentile} above ${watch.aboveMs} ms ${of}`;
  const errors = watch.errors === "server" ? "server errors" : "errors";
  return `${errors} above ${Number((watch.above * 100).toPrecision(6))} % ${of}`;
}
