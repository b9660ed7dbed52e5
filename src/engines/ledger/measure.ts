import { endings, type Ending } from "../../kernel/exchange.ts";
import { Failure } from "../../kernel/failure.ts";
import { numberOf, textOf, type Row } from "../sqlite/exchange-row.ts";
import type { CountEndings, Measure, Measured } from "./ledger.ts";
import { anyOf, clause, conditions, joined, subjectsOf, type Clause } from "./where.ts";

export const groupsMax = 10_000;
/** Cells are the counts within groups, one for each status class and outcome that occur. */
const cellsMax = 20 * groupsMax;

/**
 * One statement for figures and cells, so that both see the same rows. It reads nothing but the list index unless
 * the plane, environment, bucket or error is asked for.
 */
export function measureQuery({ workspace, where, stepMs, bySubject }: Measure): Clause {
  const step =
    stepMs === undefined
      ? clause("0")
      : clause("candidate.started_at - candidate.started_at % cast(? as integer)", stepMs);
  return joined(
    [
      clause("with recursive"),
      subjectsOf(where.subjects),
      clause(", hit (at, subject, started_at, duration_ms, class, outcome) as not materialized (select"),
      step,
      clause(`, ${bySubject ? "candidate.subject" : "''"}, candidate.started_at, candidate.duration_ms,
          coalesce((candidate.status / 100) || 'xx', 'none'), candidate.outcome
        from subject cross join exchange as candidate indexed by exchange_list
        where candidate.subject = subject.name and`),
      conditions(workspace, where),
      clause(`)
        select * from (
          select at, subject, count(*) as count, percentile(duration_ms, 50) as p50, percentile(duration_ms, 95) as p95,
            percentile(duration_ms, 99) as p99, max(started_at) as last, null as class, null as outcome
          from hit group by at, subject limit ${groupsMax + 1})
        union all select * from (
          select at, subject, count(*), null, null, null, null, class, outcome
          from hit group by at, subject, class, outcome limit ${cellsMax + 1})`),
    ],
    " ",
  );
}

/** @throws Failure too_large when there are more than `groupsMax` groups */
export function measuredOf(rows: readonly Row[]): readonly Measured[] {
  const figures = rows.filter((row) => row["class"] === null);
  if (figures.length > groupsMax || rows.length - figures.length > cellsMax)
    throw new Failure("too_large", `There are more than ${groupsMax} groups to measure.`, {
      allowed: `${groupsMax} groups`,
      hint: "Take a longer step, a shorter time or fewer subjects.",
    });
  const cells = Map.groupBy(
    rows.filter((row) => row["class"] !== null),
    keyOf,
  );
  return figures.map((row) => {
    const own = cells.get(keyOf(row)) ?? [];
    return {
      at: numberOf(row, "at"),
      subject: textOf(row, "subject"),
      count: numberOf(row, "count"),
      classes: summed(own, "class"),
      outcomes: summed(own, "outcome"),
      p50Ms: numberOf(row, "p50"),
      p95Ms: numberOf(row, "p95"),
      p99Ms: numberOf(row, "p99"),
      lastAt: numberOf(row, "last"),
    };
  });
}

function keyOf(row: Row): string {
  return `${numberOf(row, "at")} ${textOf(row, "subject")}`;
}

function summed(cells: readonly Row[], column: "class" | "outcome"): Record<string, number> {
  const counts = new Map<string, number>();
  for (const cell of cells) {
    const name = textOf(cell, column);
    counts.set(name, (counts.get(name) ?? 0) + numberOf(cell, "count"));
  }
  return Object.fromEntries(counts);
}

/** The exchange that records an ending has the subject and the time of receipt of its event; the kind is looked up. */
export function countEndingsQuery(query: CountEndings): Clause {
  return joined(
    [
      clause("with recursive"),
      subjectsOf(query.subjects),
      clause(
        `select event.subject, carrier.ending, count(*) as count
        from subject cross join exchange as carrier indexed by exchange_ending
        cross join exchange as event indexed by exchange_id
        where carrier.subject = subject.name and carrier.ending is not null
          and carrier.received_at >= ? and carrier.received_at < ? and carrier.workspace = ?
          and event.id = case when carrier.ending = 'duplicate' then carrier.id
            else coalesce(carrier.parent, carrier.id) end
          and event.workspace = carrier.workspace and`,
        query.receivedFrom,
        query.receivedTo,
        query.workspace,
      ),
      anyOf("event.kind", query.kinds),
      clause("group by event.subject, carrier.ending"),
    ],
    " ",
  );
}

export function countedOf(row: Row): { subject: string; ending: Ending; count: number } {
  const ending = endings.find((name) => name === row["ending"]);
  if (ending === undefined) throw new TypeError(`There is no ending ${String(row["ending"])}.`);
  return { subject: textOf(row, "subject"), ending, count: numberOf(row, "count") };
}
