import { slotOf } from "../../../capture/slots.ts";
import type { CapturedSummary } from "../../../capture/wire.ts";

const minuteMs = 60_000;
const routesPerMinuteMax = 500;
/** For so many minutes it is remembered which routes came first. */
const minutesMax = 10;
/** Series that wait; what comes on top is counted under `(other)`, of which there are few. */
const seriesMax = 20_000;
const otherRoute = "(other)";

type Key = Pick<CapturedSummary, "at" | "method" | "route" | "status" | "outcome">;
type Counted = Key & Pick<CapturedSummary, "requestBytes" | "responseBytes" | "durationMs">;
type Row = Key & {
  count: number;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
  readonly slots: Map<number, number>;
};

/** Exact counts that were not sent yet, of everything that passed. */
export class SummaryTable {
  readonly #rows = new Map<string, Row>();
  readonly #routes = new Map<number, Set<string>>();

  add({ at, method, route, status, outcome, ...amounts }: Counted): void {
    const minute = Math.floor(at / minuteMs) * minuteMs;
    const shown = this.#isCounted(minute, route) ? route : otherRoute;
    const name = JSON.stringify([minute, method, shown, status, outcome]);
    const row = this.#rows.get(name) ?? {
      at: minute,
      method,
      route: shown,
      status,
      outcome,
      count: 0,
      requestBytes: 0,
      responseBytes: 0,
      durationMs: 0,
      slots: new Map<number, number>(),
    };
    this.#rows.set(name, row);
    row.count += 1;
    row.requestBytes += amounts.requestBytes;
    row.responseBytes += amounts.responseBytes;
    row.durationMs += amounts.durationMs;
    const slot = slotOf(amounts.durationMs);
    row.slots.set(slot, (row.slots.get(slot) ?? 0) + 1);
  }

  /** Takes the oldest series out, at most so many. */
  take(max: number): readonly CapturedSummary[] {
    const taken = [...this.#rows].slice(0, max);
    for (const [name] of taken) this.#rows.delete(name);
    return taken.map(([, { slots, ...row }]) => ({
      ...row,
      durations: [...slots].toSorted(([a], [b]) => a - b),
    }));
  }

  /** Whether a route is one of the first of its minute. */
  #isCounted(minute: number, route: string): boolean {
    const routes = this.#routes.get(minute) ?? new Set<string>();
    this.#routes.set(minute, routes);
    const [oldest] = this.#routes.keys();
    if (this.#routes.size > minutesMax && oldest !== undefined) this.#routes.delete(oldest);
    if (routes.has(route)) return true;
    if (routes.size >= routesPerMinuteMax || this.#rows.size >= seriesMax) return false;
    routes.add(route);
    return true;
  }
}
