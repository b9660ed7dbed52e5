import { z } from "zod";
import { Failure } from "../../../kernel/failure.ts";
import { fitting } from "../../../kernel/page.ts";
import { quoted } from "../../../kernel/quoted.ts";
import type { Context } from "../../../registry/context.ts";
import { read } from "../../../registry/operation.ts";
import { comparisonOf, mixOf, sideOf, type Comparison, type Side } from "../analysis/comparison.ts";
import { counted, rounded, WindowView, windowView, type CountedInput, type Counted } from "../counted.ts";
import { marker } from "../marker.ts";
import { placeInput, viewOf } from "../view.ts";
import { momentOf, windowInput, type Window } from "../window.ts";
import { isIn } from "./list-events.ts";

const minuteMs = 60_000;
const minutesMax = 7 * 1_440;
const routesShown = 50;

const Verdict = z.enum(["regressed", "improved", "no evidence", "insufficient data"]);
const Bounds = z.object({ low: z.number(), high: z.number() });
const Compared = z.object({
  verdict: Verdict,
  requests: z.object({ before: z.int(), after: z.int() }),
  errorRate: z.object({
    before: z.number(),
    after: z.number(),
    difference: Bounds.describe("99 % interval of after less before."),
    verdict: Verdict,
  }),
  p95Ms: z.object({
    before: z.number().nullable(),
    after: z.number().nullable(),
    ratio: Bounds.nullable().describe("99 % interval of after divided by before."),
    verdict: Verdict,
  }),
});

export const compareWindows = read({
  name: "compare_windows",
  title: "Compare windows",
  does: "Compares the time before and after a marker or moment: error rate and p95 with 99 % intervals, of all traffic and each route, apart from what the mix of traffic changed.",
  verb: "GET",
  path: "/comparisons",
  scope: "traffic:read",
  input: z.object({
    marker: z.string().min(1).max(100).optional().describe("Id of an event (`mrk_…`): compare around it."),
    at: windowInput.since.describe("Compare around this moment instead."),
    minutes: z.int().min(1).max(minutesMax).default(60).describe("Length of each window."),
    path: z.string().min(1).max(200).optional(),
    ...placeInput,
  }),
  output: Compared.extend({
    before: WindowView,
    after: WindowView,
    complete: z.boolean().describe("false = the window after is not over: ask again."),
    mix: z
      .object({ fromMix: z.number(), fromRoutes: z.number(), difference: Bounds, verdict: Verdict })
      .describe(
        "What the error rate changed by because other routes were asked, and because routes answered otherwise: of that the 99 % interval and the verdict.",
      ),
    routes: z.array(Compared.extend({ untrusted: z.object({ method: z.string(), route: z.string() }) })),
  }),
  async run({ marker: markerId, at, minutes, ...asked }, context) {
    const around = await aroundOf(context, asked, markerId, at);
    const spanMs = minutes * minuteMs;
    const after: Window = {
      from: around,
      to: Math.min(around + spanMs, Math.ceil(context.now / minuteMs) * minuteMs),
    };
    const before: Window = { from: around - spanMs, to: around };
    if (after.to <= after.from)
      throw new Failure("invalid", "There is no time after it yet.", {
        pointer: markerId === undefined ? "/at" : "/marker",
        hint: "Ask again in a minute.",
      });
    const routes = await routeSides(before, after, asked, context);
    const sides = await wholeSides({ before, after }, routes, asked, context);
    const compared = routes
      .map((it) => ({ ...it, comparison: comparisonOf(it.before, it.after) }))
      .toSorted(worstFirst);
    const { fromMix, fromRoutes, difference, verdict } = mixOf(routes);
    return {
      ...viewOfComparison(sides.before, sides.after, comparisonOf(sides.before, sides.after)),
      before: windowView(before),
      after: windowView(after),
      complete: after.to === around + spanMs,
      mix: {
        fromMix: rounded(fromMix, 6),
        fromRoutes: rounded(fromRoutes, 6),
        difference: bounds(difference),
        verdict,
      },
      routes: [
        ...fitting(
          compared.slice(0, routesShown).map(({ method, route, comparison, ...it }) => ({
            ...viewOfComparison(it.before, it.after, comparison),
            untrusted: { method, route },
          })),
        ),
      ],
    };
  },
});

type Asked = Omit<CountedInput, "since" | "until">;

/** The whole minute that the marker or moment is in: what is counted is counted by the minute. */
async function aroundOf(
  context: Context,
  asked: Asked,
  markerId: string | undefined,
  at: string | undefined,
): Promise<number> {
  if ((markerId === undefined) === (at === undefined))
    throw new Failure("invalid", "Give a marker or a moment.", {
      pointer: "/marker",
      hint: "list_events shows markers.",
    });
  if (at !== undefined) return wholeMinute(momentOf(at, context.now));
  const row = await context.unit.get(marker, markerId ?? "");
  const view = await viewOf(context, asked);
  if (row !== undefined && isIn(row.value, view)) return wholeMinute(row.value.startedAt);
  throw new Failure("not_found", `No event ${quoted(markerId ?? "")}.`, {
    pointer: "/marker",
    hint: "list_events shows the ids.",
  });
}

function wholeMinute(at: number): number {
  return Math.floor(at / minuteMs) * minuteMs;
}

type Sides = { readonly before: Side; readonly after: Side };

/** Counts follow from those of the routes; percentiles do not. */
async function wholeSides(
  { before, after }: { readonly before: Window; readonly after: Window },
  routes: readonly Sides[],
  asked: Asked,
  context: Context,
): Promise<Sides> {
  const side = async (of: "before" | "after", window: Window): Promise<Side> => {
    const [whole] = await sumsOf(window, asked, context, []);
    const total = (one: (side: Side) => number): number => routes.reduce((sum, it) => sum + one(it[of]), 0);
    return {
      requests: total(({ requests }) => requests),
      errors: total(({ errors }) => errors),
      durations: whole?.durations ?? null,
    };
  };
  return { before: await side("before", before), after: await side("after", after) };
}

const none: Side = { requests: 0, errors: 0, durations: null };

async function routeSides(before: Window, after: Window, asked: Asked, context: Context) {
  const [first, second] = [
    await sidesByRoute(before, asked, context),
    await sidesByRoute(after, asked, context),
  ];
  return [...new Map([...first, ...second]).entries()].map(([key, { method, route }]) => ({
    method,
    route,
    before: first.get(key)?.side ?? none,
    after: second.get(key)?.side ?? none,
  }));
}

async function sidesByRoute(window: Window, asked: Asked, context: Context) {
  const [counts, times] = await Promise.all([
    sumsOf(window, asked, context, ["method", "route", "class", "outcome"]),
    sumsOf(window, asked, context, ["method", "route"]),
  ]);
  const durations = new Map(times.map((sum) => [`${sum.method} ${sum.route}`, sum.durations]));
  return new Map(
    [...Map.groupBy(counts, ({ method, route }) => `${method} ${route}`)].map(([key, sums]) => {
      const { method = "", route = "" } = sums[0] ?? {};
      return [key, { method, route, side: sideOf(sums, durations.get(key) ?? null) }] as const;
    }),
  );
}

async function sumsOf(
  { from, to }: Window,
  asked: Asked,
  context: Context,
  by: Parameters<Context["ledger"]["sum"]>[0]["by"],
): Promise<readonly Counted[]> {
  const window = { since: new Date(from).toISOString(), until: new Date(to).toISOString() };
  return (await counted({ ...asked, ...window }, context, () => ({ by }))).sums;
}

const order = Verdict.options;

/** Regressions first, then by how much traffic there is. */
function worstFirst(
  a: Sides & { readonly comparison: Comparison },
  b: Sides & { readonly comparison: Comparison },
): number {
  return (
    order.indexOf(a.comparison.verdict) - order.indexOf(b.comparison.verdict) ||
    b.after.requests - a.after.requests
  );
}

function bounds({ low, high }: z.output<typeof Bounds>): z.output<typeof Bounds> {
  return { low: rounded(low, 6), high: rounded(high, 6) };
}

function viewOfComparison(
  before: Side,
  after: Side,
  { verdict, errorRate, p95Ms }: Comparison,
): z.output<typeof Compared> {
  return {
    verdict,
    requests: { before: before.requests, after: after.requests },
    errorRate: {
      before: rounded(errorRate.before, 6),
      after: rounded(errorRate.after, 6),
      difference: bounds(errorRate.difference),
      verdict: errorRate.verdict,
    },
    p95Ms: {
      before: p95Ms.before === null ? null : rounded(p95Ms.before),
      after: p95Ms.after === null ? null : rounded(p95Ms.after),
      ratio: p95Ms.ratio && bounds(p95Ms.ratio),
      verdict: p95Ms.verdict,
    },
  };
}
