import type { Query } from "../../postgres/database.ts";
import { ask, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { numberOf, textOf, type Row } from "../../stored/row.ts";
import { classText, groupsMax, refuseTooMany } from "../figures.ts";
import type { Measure, Measured } from "../ledger.ts";
import { conditions, notBefore, within } from "./where.ts";

/**
 * Figures from the rows themselves, in one statement and so of one moment.
 *
 * @throws Failure too_large when there are more than `groupsMax` groups
 */
export async function measureRows(database: Query, query: Measure): Promise<readonly Measured[]> {
  const rows = await ask(
    database,
    sql`with hit as materialized (${hitsOf(query)}),
    figure as (
      select at, subject, percentile_cont(array[0.5, 0.95, 0.99]) within group (order by duration_ms) as ms
      from hit group by at, subject limit ${groupsMax + 1}),
    cell as (
      select at, subject, class, outcome, count(*) as count, max(started_at) as last
      from hit group by at, subject, class, outcome),
    cells as (
      select at, subject, sum(count) as count, max(last) as last,
        json_agg(json_build_array(class, outcome, count)) as list
      from cell group by at, subject)
    select at, subject, count, last, list, ms[1] as p50, ms[2] as p95, ms[3] as p99
    from figure join cells using (at, subject)`,
  );
  refuseTooMany("groups", rows.length, groupsMax);
  return rows.map(measuredOf);
}

function hitsOf({ workspace, where, stepMs, bySubject }: Measure): Sql {
  const { from, to, ...rest } = where;
  const step = stepMs === undefined ? text("0::bigint") : sql`started_at - started_at % ${stepMs}::bigint`;
  return sql`select ${step} as at, ${text(bySubject ? "subject" : "''")} as subject, started_at, duration_ms,
      status / 100 as class, outcome
    from exchange as candidate where ${joined(
      [
        sql`workspace = ${workspace}`,
        within("started_at", from, to),
        notBefore("id", from),
        conditions(rest),
      ],
      " and ",
    )}`;
}

type Cell = readonly [statusClass: number | null, outcome: string, count: number];

function measuredOf(row: Row): Measured {
  // Made by `json_build_array` above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const cells = JSON.parse(textOf(row, "list")) as readonly Cell[];
  return {
    at: numberOf(row, "at"),
    subject: textOf(row, "subject"),
    count: numberOf(row, "count"),
    classes: tally(cells, ([statusClass]) => classText(statusClass)),
    outcomes: tally(cells, ([, outcome]) => outcome),
    p50Ms: numberOf(row, "p50"),
    p95Ms: numberOf(row, "p95"),
    p99Ms: numberOf(row, "p99"),
    lastAt: numberOf(row, "last"),
  };
}

function tally(cells: readonly Cell[], name: (cell: Cell) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const cell of cells) counts[name(cell)] = (counts[name(cell)] ?? 0) + cell[2];
  return counts;
}
