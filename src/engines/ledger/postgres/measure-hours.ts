import type { Query } from "../../postgres/database.ts";
import { ask, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { Histogram } from "../../stored/histogram.ts";
import { textOf, type Row } from "../../stored/row.ts";
import { figuresOf, pieceOf, piecesMax } from "../figures.ts";
import type { Measure, Measured } from "../ledger.ts";
import { slotSql } from "./slots.ts";
import { besideRollups, ofRollups, type Rolled, type Span } from "./span.ts";
import { conditions } from "./where.ts";

/**
 * Rolled hours and the rows beside them in one statement, so that all of it is of one moment: no roll or removal comes
 * in between. Adding up happens there too, so that what comes here grows with the answer, not with the range.
 *
 * @throws Failure too_large as `figuresOf` does
 */
export async function measureHours(
  database: Query,
  query: Measure,
  rolled: Rolled,
): Promise<readonly Measured[]> {
  const rows = await ask(
    database,
    sql`with part (at, subject, class, outcome, last, slot, count) as (${partsOf(query, rolled)}),
    slotted as (
      select at, subject, class, outcome, slot, max(last) as last, sum(count) as count
      from part group by at, subject, class, outcome, slot)
    select at, subject, nullif(class, -1) as class, outcome, max(last) as last, sum(count) as count,
      to_json(array_agg(slot)) as slots, to_json(array_agg(count)) as counts
    from slotted group by at, subject, class, outcome limit ${piecesMax + 1}`,
  );
  const lent = new Histogram();
  return figuresOf(rows.map((row) => pieceOf(row, durationsOf(row, lent))));
}

function partsOf({ workspace, where, stepMs, bySubject }: Measure, rolled: Rolled): Sql {
  const { from = -Infinity, to = Infinity, ...rest } = where;
  const span: Span = { workspace, told: "started", first: from, end: to, ...rolled };
  const subject = text(bySubject ? "candidate.subject" : "''");
  const stepOf = (at: string): Sql =>
    stepMs === undefined ? text("0::bigint") : sql`${text(at)} - ${text(at)} % ${stepMs}::bigint`;
  const rollups = sql`select ${stepOf("candidate.hour")}, ${subject}, candidate.class, candidate.outcome,
      candidate.last, slotted.slot, slotted.count
    from rollup as candidate cross join unnest(candidate.slots, candidate.counts) as slotted (slot, count)
    where ${ofRollups(span)} and ${conditions(rest)}`;
  const ofRow = sql`${stepOf("candidate.started_at")}, ${subject}, coalesce(candidate.status / 100, -1),
    candidate.outcome, candidate.started_at, ${text(slotSql("candidate.duration_ms"))}, 1`;
  const rows = besideRollups(span).map(
    (beside) => sql`select ${ofRow} from ${beside} and ${conditions(rest)}`,
  );
  return joined([rollups, ...rows], " union all ");
}

/** An encoded histogram; `lent` is emptied first. */
function durationsOf(row: Row, lent: Histogram): Uint8Array {
  lent.clear();
  const counts = numbersOf(row, "counts");
  for (const [n, slot] of numbersOf(row, "slots").entries()) lent.addSlot(slot, counts[n] ?? 0);
  return lent.encode();
}

function numbersOf(row: Row, column: string): readonly number[] {
  // Made by `to_json` above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(textOf(row, column)) as readonly number[];
}
