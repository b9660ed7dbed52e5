import { slotOf } from "./slots.ts";
import type { CapturedSummary } from "./wire.ts";

const minuteMs = 60_000;
const routesPerMinuteMax = 500;
/** For so many minutes it is remembered which routes came first: requests are counted in the minute they began. */
const minutesMax = 10;
const otherRoute = "(other)";

/** What a row and a slot of it take, estimated. */
const rowBytes = 300;
const slotBytes = 40;
/** What is left for rows of `(other)` once the table is full. */
const spareBytes = 65_536;

type Counted = Pick<CapturedSummary, "at" | "method" | "route" | "status" | "outcome"> & {
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
};

type Row = {
  readonly key: Pick<CapturedSummary, "at" | "method" | "route" | "status" | "outcome">;
  count: number;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
  readonly durations: Map<number, number>;
};

/** Exact counts by minute, method, route, status and outcome that were not sent yet. */
export class SummaryTable {
  readonly #bytesMax: number;
  readonly #rows = new Map<string, Row>();
  readonly #routes = new Map<number, Set<string>>();
  #bytes = 0;

  /** Of rows, as estimated here; once they are full, requests are counted under the route `(other)`. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#rows.size;
  }

  /** False when there is no room for it, not even under `(other)`. */
  add(counted: Counted): boolean {
    const row = this.#rowFor(counted);
    if (row === undefined) return false;
    row.count += 1;
    row.requestBytes += counted.requestBytes;
    row.responseBytes += counted.responseBytes;
    row.durationMs += counted.durationMs;
    this.#addSlot(row, slotOf(counted.durationMs), 1);
    return true;
  }

  /** Adds what `take` took, after it could not be delivered. @returns how many of them found no room */
  restore(summaries: readonly CapturedSummary[]): number {
    let lost = 0;
    for (const summary of summaries) {
      const row = this.#rowFor(summary);
      if (row === undefined) {
        lost += summary.count;
        continue;
      }
      row.count += summary.count;
      row.requestBytes += summary.requestBytes;
      row.responseBytes += summary.responseBytes;
      row.durationMs += summary.durationMs;
      for (const [slot, count] of summary.durations) this.#addSlot(row, slot, count);
    }
    return lost;
  }

  /** Takes the oldest rows out of the table. */
  take(max: number): readonly CapturedSummary[] {
    const taken: CapturedSummary[] = [];
    for (const [name, { key, count, requestBytes, responseBytes, durationMs, durations }] of this.#rows) {
      if (taken.length >= max) break;
      this.#rows.delete(name);
      this.#bytes -= rowBytes + durations.size * slotBytes;
      taken.push({ ...key, count, requestBytes, responseBytes, durationMs, durations: [...durations] });
    }
    return taken;
  }

  #rowFor({ at, method, route, status, outcome }: Row["key"]): Row | undefined {
    const minute = Math.floor(at / minuteMs) * minuteMs;
    const full = this.#bytes > this.#bytesMax;
    const shown = this.#counts(minute, route, full) ? route : otherRoute;
    const name = `${minute} ${method} ${status} ${outcome} ${shown}`;
    let row = this.#rows.get(name);
    if (row !== undefined) return row;
    if (full && shown === route && route !== otherRoute)
      return this.#rowFor({ at, method, route: otherRoute, status, outcome });
    if (this.#bytes > this.#bytesMax + spareBytes) return undefined;
    const key = { at: minute, method, route: shown, status, outcome };
    row = { key, count: 0, requestBytes: 0, responseBytes: 0, durationMs: 0, durations: new Map() };
    this.#rows.set(name, row);
    this.#bytes += rowBytes;
    return row;
  }

  /** Whether the route is one of the first of its minute. */
  #counts(minute: number, route: string, full: boolean): boolean {
    let routes = this.#routes.get(minute);
    if (routes === undefined) {
      const [oldest] = this.#routes.keys();
      if (oldest !== undefined && this.#routes.size >= minutesMax) this.#routes.delete(oldest);
      this.#routes.set(minute, (routes = new Set()));
    }
    if (routes.has(route) || route === otherRoute) return true;
    if (full || routes.size >= routesPerMinuteMax) return false;
    routes.add(route);
    return true;
  }

  #addSlot({ durations }: Row, slot: number, count: number): void {
    const before = durations.get(slot);
    if (before === undefined) this.#bytes += slotBytes;
    durations.set(slot, (before ?? 0) + count);
  }
}
