import type { Query } from "../../postgres/database.ts";
import { ask, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { numberOf, numberOrNull, textOf, type Row } from "../../stored/row.ts";
import { classText, groupsMax, piecesMax, refuseTooMany } from "../figures.ts";
import type { Measure, Measured } from "../ledger.ts";
import { conditions, between, notBefore } from "./where.ts";

/**
 * Figures from the rows themselves, in one statement and so of one moment. Reading them twice from the list index, once
 * for figures and once for what there is how many of, takes less than keeping them in between.
 *
 * @throws Failure too_large when there are more than `groupsMax` groups or `piecesMax` cells of them
 */
export async function measureRows(database: Query, query: Measure): Promise<readonly Measured[]> {
  const hits = hitsOf(query);
  const group = text(query.bySubject ? "at, subject" : "at");
  const rows = await ask(
    database,
    sql`(select ${group}, null as class, null as outcome, count(*) as count, max(started_at) as last,
      percentile_cont(array[0.5, 0.95, 0.99]) within group (order by duration_ms)::text as ms
    from (${hits}) as hit group by ${group} limit ${groupsMax + 1})
    union all
    (select ${group}, class, outcome, count(*), null, null
    from (${hits}) as hit group by ${group}, class, outcome limit ${piecesMax + 1})`,
  );
  const [cells, figures] = [
    rows.filter((row) => row["ms"] === null),
    rows.filter((row) => row["ms"] !== null),
  ];
  refuseTooMany("groups", figures.length, groupsMax);
  refuseTooMany("combinations of status class and outcome", cells.length, piecesMax);
  const cellsOf = Map.groupBy(cells, groupOf);
  return figures.map((row) => measuredOf(row, cellsOf.get(groupOf(row)) ?? []));
}

function subjectOf(row: Row): string {
  return "subject" in row ? textOf(row, "subject") : "";
}

function groupOf(row: Row): string {
  return `${numberOf(row, "at")} ${subjectOf(row)}`;
}

function hitsOf({ workspace, where, stepMs }: Measure): Sql {
  const { from, to, ...rest } = where;
  const step = stepMs === undefined ? text("0::bigint") : sql`started_at - started_at % ${stepMs}::bigint`;
  return sql`select ${step} as at, subject, started_at, duration_ms,
      status / 100 as class, outcome
    from exchange as candidate where ${joined(
      [
        sql`workspace = ${workspace}`,
        between("started_at", from, to),
        notBefore("id", from),
        conditions(rest),
      ],
      " and ",
    )}`;
}

/** `cells`: how many of the group have each status class and outcome. */
function measuredOf(row: Row, cells: readonly Row[]): Measured {
  const [p50Ms = 0, p95Ms = 0, p99Ms = 0] = textOf(row, "ms").slice(1, -1).split(",").map(Number);
  return {
    at: numberOf(row, "at"),
    subject: subjectOf(row),
    count: numberOf(row, "count"),
    classes: tally(cells, (cell) => classText(numberOrNull(cell, "class"))),
    outcomes: tally(cells, (cell) => textOf(cell, "outcome")),
    p50Ms,
    p95Ms,
    p99Ms,
    lastAt: numberOf(row, "last"),
  };
}

function tally(cells: readonly Row[], name: (cell: Row) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const cell of cells) counts[name(cell)] = (counts[name(cell)] ?? 0) + numberOf(cell, "count");
  return counts;
}
