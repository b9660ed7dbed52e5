import { z } from "zod";
import { read } from "../../../registry/operation.ts";
import { byKey, nameOf, counted, countedInput, totalOf, WindowView, windowView } from "../counted.ts";
import { stepInput, stepOf } from "../window.ts";

export const getThroughput = read({
  name: "get_throughput",
  title: "Get throughput",
  does: "Answers requests over time by status class, by default of the last 24 hours. Steps without requests are left out.",
  verb: "GET",
  path: "/throughput",
  scope: "traffic:read",
  rows: "series",
  input: z.object({ ...countedInput, ...stepInput }),
  output: z.object({
    window: WindowView,
    stepMs: z.number(),
    requests: z.int(),
    byStatus: z.record(z.string(), z.int()),
    series: z.array(
      z.object({
        at: z.iso.datetime().describe("Start of the step."),
        requests: z.int(),
        perSecond: z.number(),
        byStatus: z.record(z.string(), z.int()).describe("`2xx` to `5xx`, and `none`."),
      }),
    ),
  }),
  async run({ step, ...asked }, context) {
    const { window, stepMs, sums } = await counted(asked, context, (within) => ({
      by: ["class"],
      stepMs: stepOf(step, within),
    }));
    return {
      window: windowView(window),
      stepMs,
      requests: totalOf(sums, ({ count }) => count),
      byStatus: byKey(sums, nameOf),
      series: [...Map.groupBy(sums, ({ at }) => at)]
        .toSorted(([a], [b]) => a - b)
        .map(([at, group]) => {
          const requests = totalOf(group, ({ count }) => count);
          return {
            at: new Date(at).toISOString(),
            requests,
            perSecond: Number((requests / (stepMs / 1_000)).toFixed(4)),
            byStatus: byKey(group, nameOf),
          };
        }),
    };
  },
});
