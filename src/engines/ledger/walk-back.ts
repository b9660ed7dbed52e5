import type { Find } from "./ledger.ts";

/** The moments [from, to) that rows of a page began in. */
export type Span = { readonly from: number; readonly to: number };

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The database looks at one subject after another, and in each for as many rows as the page may have. */
const littleAtFirst = [minuteMs, 10 * minuteMs, 2 * hourMs, dayMs];
/** So few rows that are all wanted are found in an index at once. */
const rowsAtOnce = 100;

/**
 * Where the rows of a page are looked for, one span after the other until the page is full, newest first: of several
 * subjects in a little at first, then in more, then in the steps given (ms).
 */
export function* walkBack(query: Find, now: number, stepsMs: readonly number[]): Generator<Span> {
  const { where, after } = query;
  const oldest = where.from ?? -Infinity;
  let to = Math.min(where.to ?? Infinity, after === undefined ? Infinity : after.startedAt + 1);
  for (const stepMs of [...(isWide(query) ? littleAtFirst : []), ...stepsMs]) {
    const from = Math.max(Math.min(to, now) - stepMs, oldest);
    if (from < to) yield { from, to };
    to = from;
  }
}

function isWide({ where, limit }: Find): boolean {
  return where.subjects?.length !== 1 && (limit > rowsAtOnce || !isPlain(where));
}

/** Whether rows need not be looked at to know that they are wanted. */
export function isPlain({ statuses, errors, condition, endings, outcomes }: Find["where"]): boolean {
  return [statuses, errors, condition, endings, outcomes].every((filter) => filter === undefined);
}
