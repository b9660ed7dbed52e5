import { Failure } from "../../kernel/failure.ts";
import { Histogram } from "../stored/histogram.ts";
import { numberOf, numberOrNull, textOf, type Row } from "../stored/row.ts";
import type { Measured } from "./ledger.ts";

/** Exchanges of one step and subject that have status class and outcome in common, from a rollup or from rows. */
export type Piece = {
  /** Start of the step; 0 when there are no steps. */
  readonly at: number;
  /** "" unless by subject. */
  readonly subject: string;
  /** Hundreds of the status; null where there was no answer. */
  readonly statusClass: number | null;
  readonly outcome: string;
  readonly count: number;
  readonly lastAt: number;
  /** An encoded `Histogram` of durationMs. */
  readonly durations: Uint8Array;
};

/** From a row with the columns `at`, `subject`, `class`, `outcome`, `count` and `last`. */
export function pieceOf(row: Row, durations: Uint8Array): Piece {
  return {
    at: numberOf(row, "at"),
    subject: textOf(row, "subject"),
    statusClass: numberOrNull(row, "class"),
    outcome: textOf(row, "outcome"),
    count: numberOf(row, "count"),
    lastAt: numberOf(row, "last"),
    durations,
  };
}

export const groupsMax = 10_000;
/** Of a whole answer: ten for each group when there are as many groups as there may be. */
export const piecesMax = 100_000;

/**
 * Adds pieces up to one figure for each step and subject; percentiles within 1 %.
 *
 * @throws Failure too_large when there are more than `piecesMax` pieces or `groupsMax` groups
 */
export function figuresOf(pieces: readonly Piece[]): readonly Measured[] {
  const groups = Map.groupBy(pieces, ({ at, subject }) => `${at} ${subject}`);
  refuseTooMany("groups", groups.size, groupsMax);
  refuseTooMany("combinations of group, status class and outcome", pieces.length, piecesMax);
  const durations = new Histogram();
  return [...groups.values()].map((group) => figureOf(group, durations));
}

/** `durations` is lent: it is emptied first. */
function figureOf(group: readonly Piece[], durations: Histogram): Measured {
  durations.clear();
  const classes: Record<string, number> = {};
  const outcomes: Record<string, number> = {};
  let [count, lastAt] = [0, -Infinity];
  for (const piece of group) {
    const name = classText(piece.statusClass);
    classes[name] = (classes[name] ?? 0) + piece.count;
    outcomes[piece.outcome] = (outcomes[piece.outcome] ?? 0) + piece.count;
    count += piece.count;
    lastAt = Math.max(lastAt, piece.lastAt);
    durations.addEncoded(piece.durations);
  }
  return {
    at: group[0]?.at ?? 0,
    subject: group[0]?.subject ?? "",
    count,
    classes,
    outcomes,
    p50Ms: durations.percentile(50),
    p95Ms: durations.percentile(95),
    p99Ms: durations.percentile(99),
    lastAt,
  };
}

/** `hundreds` of the status; null where there was no answer. */
export function classText(hundreds: number | null): string {
  return hundreds === null ? "none" : `${hundreds}xx`;
}

export function refuseTooMany(what: string, count: number, max: number): void {
  if (count > max)
    throw new Failure("too_large", `There are more than ${max} ${what} to measure.`, {
      allowed: `${max} ${what}`,
      hint: "Take a longer step, a shorter time or fewer subjects.",
    });
}
