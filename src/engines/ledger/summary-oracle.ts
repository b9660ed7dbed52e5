import type { Summary } from "../../kernel/summary.ts";
import type { Sum, SumKey } from "./ledger.ts";
import { percentile } from "./oracle.ts";

/** Calls that a summary is made of, each with its duration in ms. */
export type Calls = Omit<Summary, "count" | "durationMs" | "durations"> & { readonly ms: readonly number[] };

/** What `sum` answers, with exact percentiles. */
export type SummedCalls = {
  readonly keys: string;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  percentile(percent: number): number;
};

/** By brute force, in order of `keys`. */
export function sumAll(all: readonly Calls[], query: Sum): readonly SummedCalls[] {
  const { where, by, stepMs, only } = query;
  const wanted = all.filter(
    (calls) =>
      calls.workspace === query.workspace &&
      calls.at >= where.from &&
      calls.at < where.to &&
      (where.buckets === undefined || where.buckets.includes(calls.bucket)) &&
      (where.environment === undefined || where.environment === calls.environment) &&
      (only === undefined || only(calls)),
  );
  const at = (calls: Calls) => (stepMs === undefined ? 0 : Math.floor(calls.at / stepMs) * stepMs);
  const groups = Map.groupBy(wanted, (calls) =>
    keysOf(by, { ...calls, class: Math.floor(calls.status / 100), at: at(calls) }),
  );
  return [...groups].map(([keys, group]) => summedCalls(keys, group)).toSorted(byKeys);
}

export function keysOf(by: readonly SumKey[], row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify([row["at"], ...by.map((name) => row[name])]);
}

export function byKeys(a: { readonly keys: string }, b: { readonly keys: string }): number {
  return a.keys < b.keys ? -1 : 1;
}

function summedCalls(keys: string, group: readonly Calls[]): SummedCalls {
  const total = (figure: (calls: Calls) => number) => group.reduce((sum, calls) => sum + figure(calls), 0);
  const durations = group.flatMap(({ ms }) => ms).toSorted((a, b) => a - b);
  return {
    keys,
    count: durations.length,
    requestBytes: total(({ requestBytes }) => requestBytes),
    responseBytes: total(({ responseBytes }) => responseBytes),
    durationMs: total(({ ms }) => ms.reduce((sum, one) => sum + one, 0)),
    percentile: (percent) => percentile(durations, percent),
  };
}
