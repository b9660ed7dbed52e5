import { named } from "../../sqlite/traffic-schema.ts";
import type { Where } from "../ledger.ts";
import { anyNamed, anyOf, clause, joined, type Clause } from "./clause.ts";
import { conditionClause } from "./condition.ts";

/** Begins a query: a table `owner (id)`: the workspace; empty, so that nothing matches, when it has no exchange. */
export function workspaceOf(workspace: string): Clause {
  return clause("with recursive owner (id) as (select id from name where text = ?)", workspace);
}

/** That a row is of the `owner`. */
export const ofWorkspace = "workspace = (select id from owner)";

/**
 * What `where` demands of the row `candidate`, joined by `and`; always bound to the workspace. Subjects are left to
 * `subjectsOf` and endings to the query, since those decide how rows are reached.
 */
export function conditions(where: Omit<Where, "subjects" | "endings">): Clause {
  return joined(
    [
      clause(`candidate.${ofWorkspace}`),
      ...bound("started_at >= ?", where.from),
      ...bound("started_at < ?", where.to),
      ...list("kind", where.kinds),
      ...list("outcome", where.outcomes),
      ...(where.statuses === undefined ? [] : [anyOf("candidate.status", where.statuses)]),
      ...list("error", where.errors),
      ...list("bucket", where.buckets),
      ...bound(`environment = ${named}`, where.environment),
      ...bound(`plane = ${named}`, where.plane),
      ...(where.condition === undefined ? [] : [conditionClause(where.condition)]),
    ],
    " and ",
  );
}

function list(column: string, texts: readonly string[] | undefined): readonly Clause[] {
  return texts === undefined ? [] : [anyNamed(`candidate.${column}`, texts)];
}

function bound(sql: string, value: string | number | undefined): readonly Clause[] {
  return value === undefined ? [] : [clause(`candidate.${sql}`, value)];
}

/**
 * A table `subject (id)`: those given, or all that the workspace has. The list index has the subjects of a workspace one
 * after another, so every query walks it one subject at a time; finding all of them is one seek each.
 */
export function subjectsOf(subjects: readonly string[] | undefined): Clause {
  if (subjects !== undefined)
    return clause(
      `, subject (id) as (
        select distinct name.id from json_each(?) as wanted cross join name on name.text = wanted.value)`,
      JSON.stringify(subjects),
    );
  return clause(`, subject (id) as (
    select min(subject) from exchange where ${ofWorkspace}
    union all
    select (select min(exchange.subject) from exchange where exchange.${ofWorkspace} and exchange.subject > subject.id)
    from subject where subject.id is not null
  )`);
}
