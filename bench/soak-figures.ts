import type { DatabaseSample } from "./soak-postgres.ts";
import type { Sample } from "./soak-server.ts";
import { excessOf, trendOf, type Bound, type Trend } from "./soak-trend.ts";

/** A server and what it stores in at one moment, and how many events its senders knew to be accepted. */
export type Seen = Sample & {
  readonly accepted: number;
  /** By how much what is stored has grown since the server started. */
  readonly storedBytes: number;
};

type Figure<Of> = { of(it: Of): number; readonly unit: number; readonly bound: Bound };
/** What is sampled, in which unit, and what it may come to after the warm-up. */
type Figures<Of> = Readonly<Record<string, Figure<Of>>>;

const mib = 2 ** 20;
const percent = 0.01;

export const serverFigures: Figures<Seen> = {
  "RSS, MiB": { of: (it) => it.rssBytes, unit: mib, bound: { part: 0.15, atLeast: 32 } },
  "heap, MiB": { of: (it) => it.heapBytes, unit: mib, bound: { part: 0.25, atLeast: 24 } },
  "external, MiB": { of: (it) => it.externalBytes, unit: mib, bound: { part: 0.25, atLeast: 24 } },
  // Of SQLite. It is begun anew at 64 MiB, or later when queries last longer than a second.
  "WAL, MiB": { of: (it) => it.walBytes, unit: mib, bound: { part: 0.25, atLeast: 64, most: 256 } },
  "open files": { of: (it) => it.openFiles, unit: 1, bound: { part: 0.1, atLeast: 16 } },
  sockets: { of: (it) => it.sockets, unit: 1, bound: { part: 0.1, atLeast: 16 } },
  threads: { of: (it) => it.threads, unit: 1, bound: { part: 0, atLeast: 1 } },
  "stored, B/event": {
    of: (it) => it.storedBytes / Math.max(1, it.accepted),
    unit: 1,
    bound: { part: 0.2, atLeast: 300, most: 8_000 },
  },
};

export const postgresFigures: Figures<DatabaseSample> = {
  // PostgreSQL keeps to max_wal_size more or less.
  "PG log, MiB": { of: (it) => it.walBytes, unit: mib, bound: { part: 0.25, atLeast: 96, most: 384 } },
  "PG memory, MiB": { of: (it) => it.ownBytes, unit: mib, bound: { part: 0.25, atLeast: 32 } },
  "at work, MiB": { of: (it) => it.workBytes, unit: mib, bound: { part: 0.25, atLeast: 4 } },
  "sums, B/row": {
    of: (it) => it.sumsBytes / Math.max(1, it.exchanges),
    unit: 1,
    bound: { part: 0.2, atLeast: 20, most: 200 },
  },
  "used, B/key": {
    of: (it) => it.usedBytes / Math.max(1, it.keys),
    unit: 1,
    bound: { part: 0.2, atLeast: 100, most: 1_000 },
  },
  "dead jobs": { of: (it) => it.deadJobs, unit: 1, bound: { part: 0.25, atLeast: 3_000, most: 30_000 } },
  "dead lanes": { of: (it) => it.deadLanes, unit: 1, bound: { part: 0.25, atLeast: 1_000, most: 10_000 } },
  "dead sums": { of: (it) => it.deadSums, unit: 1, bound: { part: 0.25, atLeast: 500, most: 5_000 } },
  "dead used, %": {
    of: (it) => it.deadUsed / Math.max(1, it.keys),
    unit: percent,
    bound: { part: 0.25, atLeast: 10, most: 30 },
  },
  "dead stored, %": {
    of: (it) => it.deadExchanges / Math.max(1, it.exchanges),
    unit: percent,
    bound: { part: 0.25, atLeast: 10, most: 25 },
  },
};

/** One figure over time, held to its bound. */
export type Verdict = {
  readonly name: string;
  readonly trend: Trend;
  /** By how much it might have grown, and how far. */
  readonly allowed: number;
  readonly most: number | undefined;
  /** What is wrong with it; undefined = nothing. */
  readonly excess: string | undefined;
};

export function judged<Of>(figures: Figures<Of>, samples: readonly Of[]): readonly Verdict[] {
  return Object.entries(figures).map(([name, { of, unit, bound }]) => {
    const trend = trendOf(samples.map((it) => of(it) / unit));
    const allowed = Math.max(trend.median * bound.part, bound.atLeast);
    return { name, trend, allowed, most: bound.most, excess: excessOf(trend, bound) };
  });
}
