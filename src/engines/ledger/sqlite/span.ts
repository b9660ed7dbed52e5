import type { Hours } from "../rolled-hours.ts";
import { clause, joined, type Clause } from "./clause.ts";
import { ofWorkspace, subjectsOf, workspaceOf } from "./where.ts";

/** By which time hours are told apart: when exchanges started, or when their events were received. */
export type Told = "started" | "received";

/** Where the parts of a question begin and end, each given as [from, to). */
export type Range = { readonly first: number; readonly hours: Hours; readonly end: number };

/**
 * Begins a query that is answered from hours: `owner`, `subject` and a table `span (id, rolled_from)`: from when
 * on rollups answer for the subject, up to `hours.to`.
 */
export function spanOf(
  query: { readonly workspace: string; readonly subjects: readonly string[] | undefined },
  hours: Hours,
  told: Told,
): Clause {
  return joined(
    [
      workspaceOf(query.workspace),
      subjectsOf(query.subjects),
      clause(
        `, span (id, rolled_from) as materialized (
          select id, max(?, coalesce((select ${told}_before from unrolled
            where ${ofWorkspace} and unrolled.subject = subject.id), 0))
          from subject where id is not null)`,
        hours.from,
      ),
    ],
    " ",
  );
}

/** That a time lies in the hours that rollups answer for. */
export function inHours(column: string, { hours }: Range): Clause {
  return clause(`${column} >= span.rolled_from and ${column} < ?`, hours.to);
}

/** That a time lies in an hour that rollups answer for, but before the beginning of the question. */
export function tooMany(column: string, { first, hours }: Range): Clause {
  return clause(`${column} >= ? and ${column} < ?`, hours.from, first);
}

/** That a time lies in what rows answer for at either end: two conditions, each of which an index can find. */
export function atEnds(column: string, { first, hours, end }: Range): readonly Clause[] {
  return [
    clause(`${column} >= ? and ${column} < min(span.rolled_from, ?)`, Math.min(first, hours.from), hours.to),
    clause(`${column} >= ? and ${column} < ?`, hours.to, end),
  ];
}

/** That an exchange is not rolled up yet. */
export const waits = "candidate.seq > (select position from rolled)";
