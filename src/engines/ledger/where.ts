import type { SqlValue } from "../sqlite/exchange-row.ts";
import type { Where } from "./ledger.ts";

/** A piece of SQL with the values of its `?`, in order. */
export type Clause = { readonly sql: string; readonly params: readonly SqlValue[] };

export function clause(sql: string, ...params: readonly SqlValue[]): Clause {
  return { sql, params };
}

/** Joins clauses into one, their parameters in order. */
export function joined(clauses: readonly Clause[], separator: string): Clause {
  return {
    sql: clauses.map(({ sql }) => sql).join(separator),
    params: clauses.flatMap(({ params }) => params),
  };
}

/** `(column is any of values)`. One parameter for any number of values, so that statements are few and cached. */
export function anyOf(column: string, values: readonly (string | number)[]): Clause {
  return clause(`${column} in (select value from json_each(?))`, JSON.stringify(values));
}

/**
 * What `where` demands of the row `candidate`, joined by `and`; always bound to the workspace. Subjects are left to
 * `subjectsOf` and endings to the query, since those decide how rows are reached.
 */
export function conditions(workspace: string, where: Omit<Where, "subjects" | "endings">): Clause {
  return joined(
    [
      clause("candidate.workspace = ?", workspace),
      ...bound("started_at >=", where.from),
      ...bound("started_at <", where.to),
      ...list("kind", where.kinds),
      ...list("outcome", where.outcomes),
      ...list("status", where.statuses),
      ...list("error", where.errors),
      ...list("bucket", where.buckets),
      ...bound("environment =", where.environment),
      ...bound("plane =", where.plane),
    ],
    " and ",
  );
}

function list(column: string, values: readonly (string | number)[] | undefined): readonly Clause[] {
  return values === undefined ? [] : [anyOf(`candidate.${column}`, values)];
}

function bound(sql: string, value: string | number | undefined): readonly Clause[] {
  return value === undefined ? [] : [clause(`candidate.${sql} ?`, value)];
}

/**
 * A table `subject (name)`: those given, or all there are. The list index starts with the subject, so every query
 * walks it one subject at a time; finding all of them is one seek each.
 */
export function subjectsOf(subjects: readonly string[] | undefined): Clause {
  if (subjects !== undefined)
    return clause("subject (name) as (select distinct value from json_each(?))", JSON.stringify(subjects));
  return clause(`subject (name) as (
    select min(subject) from exchange
    union all
    select (select min(exchange.subject) from exchange where exchange.subject > subject.name)
    from subject where subject.name is not null
  )`);
}
