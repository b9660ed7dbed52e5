import { exactSum } from "../../kernel/exact-sum.ts";
import { Histogram } from "../stored/histogram.ts";
import { decodeSeries, encodeSeries, minuteMs, type Series } from "../stored/series.ts";

/**
 * How long intervals last that summaries are folded into, in ms, shortest first; each is a multiple of the one before.
 * Every interval holds all of its time, so that a question reads the longest that fit. Quarters are for charts of a day
 * and for the ends of long ranges: of 24 hours in steps of 15 minutes they make 96 intervals of 1,440.
 */
export const grains: readonly number[] = [minuteMs, 15 * minuteMs, 60 * minuteMs];

/** What the intervals of one length are asked for: those that start in [from, to). */
export type GrainSpan = { readonly grain: number; readonly from: number; readonly to: number };

/** The fewest intervals that make up [from, to) and of which none reaches over the end of a step. */
export function spansOf(from: number, to: number, stepMs: number | undefined): readonly GrainSpan[] {
  return covered(
    from,
    to,
    grains.filter((grain) => stepMs === undefined || stepMs % grain === 0),
  );
}

function covered(from: number, to: number, usable: readonly number[]): readonly GrainSpan[] {
  const [shorter, grain] = [usable.slice(0, -1), usable.at(-1)];
  if (grain === undefined || from >= to) return [];
  const [first, end] = [Math.ceil(from / grain) * grain, Math.floor(to / grain) * grain];
  if (first >= end) return covered(from, to, shorter);
  return [...covered(from, first, shorter), { grain, from: first, to: end }, ...covered(end, to, shorter)];
}

/** Nothing before it is kept once `expire` was asked to remove what is before `moment`: an interval goes with its hour. */
export function keptFrom(moment: number): number {
  const longest = grains.at(-1) ?? minuteMs;
  return Math.floor(moment / longest) * longest;
}

/** The start of the interval that a moment is in. */
export function startOf(at: number, grain: number): number {
  return at - (at % grain);
}

/** What an interval holds, encoded. */
export type Interval = {
  /** By status and outcome alone. */
  readonly total: Uint8Array;
  readonly detail: Uint8Array;
};

/** Of one interval; those that come later are told by less, see `others`. */
const seriesMax = 2_000;
const other = "(other)";
/** What a series is told by less of, first to last, when there is no room for one more. */
const others: readonly Partial<Series>[] = [
  { route: other },
  { route: other, method: other },
  { route: other, method: other, outcome: other },
];
const spareMax = 500;

/** The interval with these series added, each of which is in it. */
export function foldedInto(known: Interval | undefined, fresh: readonly Series[], at: number): Interval {
  const [totals, details] = [
    known === undefined ? [] : decodeSeries(known.total, at),
    known === undefined ? [] : decodeSeries(known.detail, at),
  ];
  return {
    total: combined([...totals, ...fresh.map((series) => ({ ...series, method: "", route: "" }))], at),
    detail: combined([...details, ...fresh], at),
  };
}

type Parts = { series: Series; readonly durations: Uint8Array[] };

function combined(all: readonly Series[], at: number): Uint8Array {
  const kept = new Map<string, Parts>();
  for (const series of all) {
    const key = keyOf(series);
    const known = kept.get(key);
    if (known === undefined && kept.size >= seriesMax) addTo(kept, lessTold(kept, series));
    else addTo(kept, series, key, known);
  }
  const series = [...kept.values()].map((parts) => ({
    ...parts.series,
    at,
    durations: merged(parts.durations),
  }));
  return encodeSeries(series, at);
}

function addTo(kept: Map<string, Parts>, series: Series, key = keyOf(series), known = kept.get(key)): void {
  if (known === undefined) {
    kept.set(key, { series, durations: [series.durations] });
    return;
  }
  known.series = added(known.series, series);
  known.durations.push(series.durations);
}

/** The series as it is told when there are as many others as there may be. */
function lessTold(kept: ReadonlyMap<string, Parts>, series: Series): Series {
  const told = others.map((less) => ({ ...series, ...less }));
  const there = told.find(
    (one, n) => kept.has(keyOf(one)) || kept.size < seriesMax + n * spareMax + spareMax,
  );
  return there ?? told.at(-1) ?? series;
}

function keyOf({ method, route, status, outcome }: Series): string {
  return `${method}\n${status}\n${outcome}\n${route}`;
}

function added(to: Series, more: Series): Series {
  return {
    ...to,
    count: exactSum(to.count, more.count),
    requestBytes: exactSum(to.requestBytes, more.requestBytes),
    responseBytes: exactSum(to.responseBytes, more.responseBytes),
    durationMs: to.durationMs + more.durationMs,
  };
}

const lent = new Histogram();

/** The encoded histograms added up. */
export function merged(histograms: readonly Uint8Array[]): Uint8Array {
  const [only] = histograms;
  if (histograms.length === 1 && only !== undefined) return only;
  lent.clear();
  for (const histogram of histograms) lent.addEncoded(histogram);
  return lent.encode();
}
