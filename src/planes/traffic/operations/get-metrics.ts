import { z } from "zod";
import { compileGlob } from "../../../../capture/glob.ts";
import { read } from "../../../registry/operation.ts";
import {
  byKey,
  nameOf,
  counted,
  countedInput,
  Figures,
  figuresOf,
  rounded,
  totalOf,
  WindowView,
  windowView,
  type Counted,
} from "../counted.ts";
import { Dropped, droppedIn } from "../dropped.ts";
import { stepInput, stepOf } from "../window.ts";

const routesShown = 10;

const Counts = z.record(z.string(), z.int());
const Route = Figures.extend({ untrusted: z.object({ method: z.string(), route: z.string() }) });

export const getMetrics = read({
  name: "get_metrics",
  title: "Get metrics",
  does: "Answers totals, average response time, errors and blocked requests, by default of the last 24 hours. Every request counts, recorded or not.",
  verb: "GET",
  path: "/metrics",
  scope: "traffic:read",
  input: z.object({ ...countedInput, ...stepInput }),
  output: Figures.extend({
    window: WindowView,
    errorRate: z.number().nullable().describe("errors / requests, 0 to 1."),
    clientErrors: z.int().describe("4xx."),
    serverErrors: z.int().describe("5xx."),
    failed: z.int().describe("Without an answer, by a fault."),
    aborted: z.int().describe("Left by the client."),
    blocked: z.int().describe("Answered by a blocking rule."),
    requestBytes: z.number(),
    responseBytes: z.number(),
    wholeRoutes: z
      .boolean()
      .describe(
        "true = counted by route: of all requests of the routes that the path is of, which `busiest` names.",
      ),
    dropped: Dropped.describe("Lost by agents before they could send it, whatever the path."),
    byStatus: Counts,
    byMethod: Counts,
    busiest: z.array(Route).describe(`Of at most ${routesShown} routes.`),
    mostErrors: z.array(Route),
    series: z.array(Figures.extend({ at: z.iso.datetime() })).describe("Only when a step is given."),
  }),
  async run({ step, ...asked }, context) {
    const { window, sums } = await counted(asked, context, (within) => ({
      by: ["route", "method", "class", "outcome"],
      ...(step !== undefined && { stepMs: stepOf(step, within) }),
    }));
    const dropped = await droppedIn(context, asked, window);
    const of = (matches: (sum: Counted) => boolean): number =>
      totalOf(sums.filter(matches), ({ count }) => count);
    const figures = figuresOf(sums);
    const routes = [
      ...Map.groupBy(sums, ({ method, route }) => JSON.stringify([method, route])).values(),
    ].map(routeOf);
    return {
      window: windowView(window),
      ...figures,
      errorRate: figures.requests === 0 ? null : rounded(figures.errors / figures.requests, 6),
      clientErrors: of((sum) => sum.class === 4),
      serverErrors: of((sum) => sum.class === 5),
      failed: of(({ outcome }) => outcome === "failed"),
      aborted: of(({ outcome }) => outcome === "aborted"),
      blocked: of(({ outcome }) => outcome === "blocked"),
      requestBytes: totalOf(sums, ({ requestBytes }) => requestBytes),
      responseBytes: totalOf(sums, ({ responseBytes }) => responseBytes),
      wholeRoutes: isWider(asked.path, routes),
      dropped,
      byStatus: byKey(sums, nameOf),
      byMethod: byKey(sums, ({ method }) => method),
      busiest: most(routes, ({ requests }) => requests),
      mostErrors: most(
        routes.filter(({ errors }) => errors > 0),
        ({ errors }) => errors,
      ),
      series: step === undefined ? [] : seriesOf(sums),
    };
  },
});

function routeOf(sums: readonly Counted[]): z.output<typeof Route> {
  const [first] = sums;
  return { ...figuresOf(sums), untrusted: { method: first?.method ?? "", route: first?.route ?? "" } };
}

/** Whether the path is of a route, and not the route itself. */
function isWider(path: string | undefined, routes: readonly z.output<typeof Route>[]): boolean {
  if (path === undefined) return false;
  const isMeant = compileGlob(path, "text");
  return routes.some(({ untrusted }) => !isMeant(untrusted.route));
}

function most(routes: readonly z.output<typeof Route>[], figure: (route: z.output<typeof Route>) => number) {
  return routes.toSorted((a, b) => figure(b) - figure(a)).slice(0, routesShown);
}

function seriesOf(sums: readonly Counted[]) {
  return [...Map.groupBy(sums, ({ at }) => at)]
    .toSorted(([a], [b]) => a - b)
    .map(([at, group]) => ({ at: new Date(at).toISOString(), ...figuresOf(group) }));
}
