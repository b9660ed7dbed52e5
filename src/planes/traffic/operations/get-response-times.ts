import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { counted, countedInput, rounded, totalOf, WindowView, windowView, type Counted } from "../counted.ts";
import { stepInput, stepOf } from "../window.ts";

const Times = z.object({
  requests: z.int(),
  p50Ms: z.number(),
  p95Ms: z.number(),
  p99Ms: z.number(),
  averageMs: z.number(),
});

export const getResponseTimes = read({
  name: "get_response_times",
  title: "Get response times",
  does: "Answers the median, p95 and p99 within 1 % and the exact average of response times over time, by default of the last 24 hours. Steps without requests are left out.",
  verb: "GET",
  path: "/response-times",
  scope: "traffic:read",
  rows: "series",
  input: z.object({ ...countedInput, ...stepInput }),
  output: z.object({
    window: WindowView,
    stepMs: z.number(),
    overall: Times.nullable().describe("null without requests."),
    series: z.array(Times.extend({ at: z.iso.datetime().describe("Start of the step.") })),
  }),
  async run({ step, ...asked }, context) {
    const [{ window, stepMs, sums }, whole] = await Promise.all([
      counted(asked, context, (within) => ({ by: [], stepMs: stepOf(step, within) })),
      counted(asked, context, () => ({ by: [] })),
    ]);
    const [overall] = whole.sums;
    return {
      window: windowView(window),
      stepMs,
      overall:
        overall === undefined || totalOf(whole.sums, ({ count }) => count) === 0 ? null : timesOf(overall),
      series: sums
        .toSorted((a, b) => a.at - b.at)
        .map((sum) => ({ at: new Date(sum.at).toISOString(), ...timesOf(sum) })),
    };
  },
});

function timesOf({ count, durationMs, durations }: Counted): z.output<typeof Times> {
  return {
    requests: count,
    p50Ms: rounded(durations.percentile(50)),
    p95Ms: rounded(durations.percentile(95)),
    p99Ms: rounded(durations.percentile(99)),
    averageMs: rounded(durationMs / count),
  };
}
