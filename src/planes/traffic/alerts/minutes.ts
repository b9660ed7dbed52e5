import type { Summed } from "../../../engines/ledger/ledger.ts";
import type { Engines } from "../../../registry/engines.ts";
import { rounded } from "../counted.ts";
import { routeMeant } from "../requests.ts";
import type { Window } from "../window.ts";
import type { Alert } from "./alert.ts";
import type { Figures } from "./figures.ts";

export const minuteMs = 60_000;

/** What was counted in the minutes of a stretch of time: any window of whole minutes in it can be added up. */
export type Minutes = {
  /** The window that ends at this moment, a whole minute. */
  before(end: number): Figures;
};

/** What is asked for at once: the ledger answers at most 10,000 figures. */
const partMs = 3 * 60 * minuteMs;

type Ledger = Pick<Engines, "ledger">;

/**
 * Counts by the minute what the alert looks at: all that windows ending in `ends`, the last moment included, are made of.
 *
 * @throws Failure unavailable
 */
export async function minutesOf(
  workspace: string,
  alert: Alert,
  ends: Window,
  engines: Ledger,
): Promise<Minutes> {
  const windowMs = alert.windowMinutes * minuteMs;
  const from = ends.from - windowMs;
  const length = (ends.to - from) / minuteMs;
  const totals = { requests: new Float64Array(length + 1), over: new Float64Array(length + 1) };
  for (let start = from; start < ends.to; start += partMs) {
    const part = { from: start, to: Math.min(start + partMs, ends.to) };
    for (const sum of await sumsOf(workspace, alert, part, engines)) {
      const at = (sum.at - from) / minuteMs + 1;
      totals.requests[at] = (totals.requests[at] ?? 0) + sum.count;
      totals.over[at] = (totals.over[at] ?? 0) + overOf(alert, sum);
    }
  }
  for (const all of [totals.requests, totals.over])
    for (let at = 1; at <= length; at++) all[at] = (all[at] ?? 0) + (all[at - 1] ?? 0);
  return {
    before(end) {
      const [first, last] = [(end - windowMs - from) / minuteMs, (end - from) / minuteMs];
      return {
        from: end - windowMs,
        to: end,
        requests: between(totals.requests, first, last),
        over: between(totals.over, first, last),
        percentileMs: null,
        events: [],
      };
    },
  };
}

/** Of sums that run on: what was added from one place to another. */
function between(all: Float64Array, start: number, end: number): number {
  return (all[end] ?? 0) - (all[start] ?? 0);
}

function sumsOf(
  workspace: string,
  alert: Alert,
  { from, to }: Window,
  { ledger }: Ledger,
): Promise<readonly Summed[]> {
  return ledger.sum({
    workspace,
    where: { ...placeOf(alert), from, to },
    by: alert.watch.kind === "error_rate" ? ["class", "outcome"] : [],
    stepMs: minuteMs,
    ...only(alert),
  });
}

/** The figures with the percentile of their window, where the alert is about one. @throws Failure unavailable */
export async function withPercentile(
  workspace: string,
  alert: Alert,
  figures: Figures,
  engines: Ledger,
): Promise<Figures> {
  const { watch } = alert;
  if (watch.kind !== "response_time" || figures.requests === 0) return figures;
  const { from, to } = figures;
  const [sum] = await engines.ledger.sum({
    workspace,
    where: { ...placeOf(alert), from, to },
    by: [],
    ...only(alert),
  });
  if (sum === undefined) return figures;
  return { ...figures, percentileMs: rounded(sum.durations.percentile(watch.percentile)) };
}

function placeOf({ environment, bucket }: Alert) {
  return { ...(environment !== null && { environment }), ...(bucket !== null && { buckets: [bucket] }) };
}

function only({ path }: Alert) {
  if (path === null) return {};
  const meant = routeMeant(path);
  return { only: ({ route }: { readonly route: string }) => meant(route) };
}

function overOf({ watch }: Alert, sum: Summed): number {
  if (watch.kind === "error_rate") {
    const { class: hundreds = 0, outcome, count } = sum;
    return outcome === "failed" || hundreds >= (watch.errors === "server" ? 5 : 4) ? count : 0;
  }
  return watch.kind === "response_time" ? slowerThan(watch.aboveMs, sum) : 0;
}

/** How many durations are longer: found by rank, at each of which the percentile is the duration itself. */
function slowerThan(ms: number, { count, durations }: Pick<Summed, "count" | "durations">): number {
  let [low, high] = [0, count];
  while (low < high) {
    const rank = Math.floor((low + high) / 2);
    const isLonger = durations.percentile(count === 1 ? 0 : (100 * rank) / (count - 1)) > ms;
    if (isLonger) high = rank;
    else low = rank + 1;
  }
  return count - low;
}
