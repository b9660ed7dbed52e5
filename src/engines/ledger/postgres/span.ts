import { endings } from "../../../kernel/exchange.ts";
import { sql, text, type Sql } from "../../postgres/sql.ts";
import type { Hours } from "../rolled-hours.ts";
import { notBefore, between } from "./where.ts";

/** What of a question is rolled up. */
export type Rolled = {
  /** The whole hours that rollups answer for. */
  readonly hours: Hours;
  /**
   * At least so far everything is rolled up. How far in truth is up to the statement: but only with a number does the
   * planner know that few rows are beyond it.
   */
  readonly position: number;
};

/** What part of a question rollups answer, and where rows do, which start or were received in [first, end). */
export type Span = Rolled & {
  readonly workspace: string;
  /** By which time hours are told apart: when exchanges started, or when the events whose endings they record came in. */
  readonly told: "started" | "received";
  readonly first: number;
  readonly end: number;
};

/** That a rollup, the row `candidate`, answers. */
export function ofRollups({ workspace, told, hours }: Span): Sql {
  return sql`candidate.workspace = ${workspace} and ${between("candidate.hour", hours.from, hours.to)}
    and not ${isUnrolled(told, "hour")}`;
}

/**
 * What follows `from` to select the rows that answer beside rollups, as `candidate`: one for either part of an hour at
 * the ends, one for hours that lost rows, one for what waits to be rolled up. No row is in two of them.
 */
export function besideRollups(span: Span): readonly Sql[] {
  const { workspace, told, first, hours, end, position } = span;
  const at = `candidate.${told}_at`;
  const among = (from: number, to: number): Sql => amongRows(span, from, to);
  return [
    ...rowsOf(span, first, hours.from),
    ...rowsOf(span, hours.to, end),
    sql`unrolled as mark cross join lateral (
      select * from exchange as candidate where ${among(hours.from, hours.to)}
        and candidate.subject = mark.subject and ${text(at)} < ${text(`mark.${told}_before`)} offset 0) as candidate
    where mark.workspace = ${workspace} and ${between(`mark.${told}_before`, hours.from, undefined)}`,
    sql`exchange as candidate where ${among(hours.from, hours.to)} and not ${isUnrolled(told, `${told}_at`)}
      and candidate.seq > ${position} and candidate.seq > (select position from rolled)`,
  ];
}

/** The same for the rows that hours count too many: none, or those before the beginning of the question. */
export function tooMany(span: Span): readonly Sql[] {
  return rowsOf(span, span.hours.from, span.first);
}

function rowsOf(span: Span, from: number, to: number): readonly Sql[] {
  return from < to ? [sql`exchange as candidate where ${amongRows(span, from, to)}`] : [];
}

function amongRows({ workspace, told }: Span, from: number, to: number): Sql {
  const kept = told === "started" ? text("true") : sql`candidate.ending = any(${endings})`;
  return sql`candidate.workspace = ${workspace} and ${between(`candidate.${told}_at`, from, to)}
    and ${notBefore("candidate.id", from)} and ${kept}`;
}

/** That rows have been removed since which rollups of that time would hold. */
function isUnrolled(told: Span["told"], time: string): Sql {
  return text(`exists (select 1 from unrolled as mark where mark.workspace = candidate.workspace
    and mark.subject = candidate.subject and candidate.${time} < mark.${told}_before)`);
}
