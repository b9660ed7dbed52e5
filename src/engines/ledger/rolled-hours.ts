import type { CountStates, Measure } from "./ledger.ts";

/**
 * Which questions are answered from hours: the one place that decides so, for every database.
 *
 * A rollup holds the figures of one hour of `startedAt` (of endings: of `receivedAt`), by workspace, subject, kind,
 * plane, environment, bucket, status class and outcome. What it cannot tell apart, and what is cheap, is answered
 * from the rows: filters by status or error, conditions, steps that are no whole hours, fewer than `hoursMin` whole hours.
 */
export type Hours = {
  /**
   * Start of the first hour, inclusive: the one nearest to the beginning of the question, so that rows answer for half an
   * hour at most. What begins before the question is taken off again. `-Infinity` when the question has no beginning.
   */
  readonly from: number;
  /** End of the last, exclusive; `Infinity` when the question has no end. */
  readonly to: number;
};

export const hourMs = 3_600_000;
const hoursMin = 6;
/** While more wait to be rolled up, such as after a long pause, looking through them would take longer. */
export const waitingMax = 100_000;

/**
 * The hours of the question, or undefined when rows answer it. Rows answer the rest of it as well: parts of hours at both
 * ends, what is not rolled up yet, and hours that lost rows.
 *
 * @param waiting at most how many exchanges are not rolled up yet
 */
export function hoursOfMeasure({ where, stepMs }: Measure, waiting: number): Hours | undefined {
  const { statuses, errors, condition } = where;
  const told = statuses === undefined && errors === undefined && condition === undefined;
  const whole = stepMs === undefined || stepMs % hourMs === 0;
  return told && whole ? hoursOf(where.from, where.to, waiting) : undefined;
}

export function hoursOfEndings(query: CountStates, waiting: number): Hours | undefined {
  return hoursOf(query.receivedFrom, query.receivedTo, waiting);
}

function hoursOf(first = -Infinity, end = Infinity, waiting: number): Hours | undefined {
  const firstWhole = Math.ceil(first / hourMs) * hourMs;
  const to = Math.floor(end / hourMs) * hourMs;
  if (to - firstWhole < hoursMin * hourMs || waiting > waitingMax) return undefined;
  return { from: Math.round(first / hourMs) * hourMs, to };
}
