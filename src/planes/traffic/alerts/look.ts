import { accountOf, unaccounted } from "../../../registry/accounting.ts";
import type { Engines } from "../../../registry/engines.ts";
import type { Window } from "../window.ts";
import type { Alert } from "./alert.ts";
import { judgedOf, type Judged } from "./judged.ts";
import { minuteMs, minutesOf } from "./minutes.ts";

/** Agents send what they counted within ten seconds after the minute; what comes later is seen when it is looked at again. */
const settleMs = minuteMs;

/** The last whole minute of which the figures are there. */
export function settledAt(now: number): number {
  return Math.floor((now - settleMs) / minuteMs) * minuteMs;
}

/** A whole minute that has begun by the time at which what was before `to` is settled. */
export function settledBy(to: number): number {
  return to + settleMs + minuteMs;
}

/**
 * Every window of the alert that ends in `ends`, the first moment exclusive and the last included, in order. What is
 * missing of webhooks is known of the last alone.
 *
 * @throws Failure unavailable
 */
export async function look(
  workspace: string,
  alert: Alert,
  { ends, knownFrom }: { readonly ends: Window; readonly knownFrom: number },
  engines: Pick<Engines, "ledger" | "traffic">,
): Promise<readonly Judged[]> {
  if (alert.watch.kind === "remainder") return [await remainder(workspace, alert, ends.to, engines)];
  const minutes = await minutesOf(workspace, alert, ends, engines);
  const count = Math.max(0, Math.round((ends.to - ends.from) / minuteMs));
  return Array.from({ length: count }, (_, n) =>
    judgedOf(alert.watch, minutes.before(ends.from + (n + 1) * minuteMs), knownFrom),
  );
}

/** When it began: the first minute of the window that is over by itself, else the beginning of the window. */
export async function beganAt(
  workspace: string,
  alert: Alert,
  { from, to }: Window,
  engines: Pick<Engines, "ledger">,
): Promise<number> {
  const { kind } = alert.watch;
  if (kind === "absence" || kind === "remainder") return from;
  const byMinute = { ...alert, windowMinutes: 1 };
  const minutes = await minutesOf(workspace, byMinute, { from, to }, engines);
  for (let end = from + minuteMs; end <= to; end += minuteMs)
    if (judgedOf(alert.watch, minutes.before(end), 0).verdict === "over") return end - minuteMs;
  return from;
}

async function remainder(
  workspace: string,
  { watch, windowMinutes }: Alert,
  to: number,
  engines: Pick<Engines, "ledger" | "traffic">,
): Promise<Judged> {
  const cohort = { workspace, from: to - windowMinutes * minuteMs, to };
  const first = await accountOf(engines, cohort);
  // An event that came while it was counted is not missing: count again.
  const account = first.remainder === 0 ? first : await accountOf(engines, cohort);
  const missing = account.remainder === 0 ? [] : await unaccounted(engines, cohort);
  const figures = {
    from: cohort.from,
    to,
    requests: account.received,
    over: account.remainder,
    percentileMs: null,
    events: missing,
  };
  return judgedOf(watch, figures, 0);
}
