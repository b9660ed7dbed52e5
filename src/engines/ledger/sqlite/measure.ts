import { numberOf, numberOrNull, textOf, type Row } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { classText, groupsMax, refuseTooMany } from "../figures.ts";
import type { Measure, Measured } from "../ledger.ts";
import { clause, joined, type Clause } from "./clause.ts";
import { conditions, subjectsOf, workspaceOf } from "./where.ts";

/** Of distinct pairs of status class and outcome in one answer. */
const cellsMax = 200;

/**
 * Two passes over the same rows: which status classes and outcomes there are, then figures with a column for each.
 * Grouping by them as well would sort all rows by four keys, which takes twice as long. Both passes read nothing
 * but the list index unless an error is asked for.
 *
 * @throws Failure too_large when there are more than `groupsMax` groups
 */
export async function measureRows(
  file: TrafficFile,
  query: Measure,
  position: number,
): Promise<readonly Measured[]> {
  const hits = hitsOf(query, position);
  const cells = await file.read(
    `${hits.sql} select class, outcome, (select text from name where name.id = outcome) as name
    from (select distinct class, outcome from hit limit ${cellsMax + 1})`,
    hits.params,
  );
  const classes = [...new Set(cells.map((cell) => numberOrNull(cell, "class")))];
  const outcomes = [...new Map(cells.map((cell) => [numberOf(cell, "outcome"), textOf(cell, "name")]))];
  const figures = joined(
    [
      hits,
      clause(`select at, coalesce((select text from name where name.id = hit.subject), '') as name, count(*) as count, percentile(duration_ms, 50) as p50,
        percentile(duration_ms, 95) as p95, percentile(duration_ms, 99) as p99, max(started_at) as last`),
      ...classes.map((name, n) => clause(`, count(*) filter (where class is ?) as class_${n}`, name)),
      ...outcomes.map(([code], n) => clause(`, count(*) filter (where outcome = ?) as outcome_${n}`, code)),
      clause(`from hit group by at, hit.subject limit ${groupsMax + 1}`),
    ],
    " ",
  );
  const rows = await file.read(figures.sql, figures.params);
  refuseTooMany("groups", rows.length, groupsMax);
  refuseTooMany("outcomes", cells.length, cellsMax);
  return rows.map((row) => ({
    ...figuresOf(row),
    classes: counted(row, classes.map(classText), "class"),
    outcomes: counted(
      row,
      outcomes.map(([, name]) => name),
      "outcome",
    ),
  }));
}

/** A table `hit` of what is measured, up to a position: rows that are committed meanwhile are in no pass. */
function hitsOf({ workspace, where, stepMs, bySubject }: Measure, position: number): Clause {
  // The driver binds every number as a real, of which % takes the integer part only after a cast.
  const step =
    stepMs === undefined
      ? clause("0")
      : clause("candidate.started_at - candidate.started_at % cast(? as integer)", stepMs);
  return joined(
    [
      workspaceOf(workspace),
      subjectsOf(where.subjects),
      clause(", hit (at, subject, started_at, duration_ms, class, outcome) as not materialized (select"),
      step,
      clause(
        `, ${bySubject ? "candidate.subject" : "0"}, candidate.started_at, candidate.duration_ms,
          candidate.status / 100, candidate.outcome
        from subject cross join exchange as candidate indexed by exchange_list
        where candidate.subject = subject.id and candidate.seq <= ? and`,
        position,
      ),
      conditions(where),
      clause(")"),
    ],
    " ",
  );
}

function figuresOf(row: Row): Omit<Measured, "classes" | "outcomes"> {
  return {
    at: numberOf(row, "at"),
    subject: textOf(row, "name"),
    count: numberOf(row, "count"),
    p50Ms: numberOf(row, "p50"),
    p95Ms: numberOf(row, "p95"),
    p99Ms: numberOf(row, "p99"),
    lastAt: numberOf(row, "last"),
  };
}

function counted(row: Row, names: readonly string[], column: string): Record<string, number> {
  const counts = names.map((name, n) => [name, numberOf(row, `${column}_${n}`)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
