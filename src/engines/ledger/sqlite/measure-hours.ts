import { bytesOf } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { figuresOf, pieceOf, piecesMax } from "../figures.ts";
import type { Measure, Measured } from "../ledger.ts";
import type { Hours } from "../rolled-hours.ts";
import { atEnds, inHours, spanOf, tooMany, waits, type Range } from "./span.ts";
import { clause, joined, type Clause } from "./clause.ts";
import { conditions } from "./where.ts";

/**
 * Rolled hours and the rows beside them in one statement, so that all of it is of one moment: no roll or removal comes
 * in between.
 *
 * @throws Failure too_large as `figuresOf` does
 */
export async function measureHours(
  file: TrafficFile,
  query: Measure,
  hours: Hours,
): Promise<readonly Measured[]> {
  const { sql, params } = piecesOf(query, hours);
  return figuresOf((await file.read(sql, params)).map((row) => pieceOf(row, bytesOf(row, "durations"))));
}

function piecesOf(query: Measure, hours: Hours): Clause {
  const { from = -Infinity, to = Infinity, subjects, ...where } = query.where;
  const range: Range = { first: from, hours, end: to };
  const started = "candidate.started_at";
  const rowFor = (count: "1" | "-1"): Clause =>
    figuresFrom(query, { at: started, class: "coalesce(candidate.status / 100, -1)", count });
  const rolled = figuresFrom(query, {
    at: "candidate.hour",
    class: "candidate.class",
    count: "candidate.count",
  });
  const row = rowFor("1");
  const ofRow = `${started}, candidate.duration_ms`;
  const alongList = "from span cross join exchange as candidate indexed by exchange_list where";
  const parts = [
    [
      rolled,
      clause("candidate.last, candidate.durations from span cross join rollup as candidate where"),
      inHours("candidate.hour", range),
    ],
    ...atEnds(started, range).map((end) => [row, clause(`${ofRow} ${alongList}`), end]),
    [rowFor("-1"), clause(`null, candidate.duration_ms ${alongList}`), tooMany(started, range)],
    [
      row,
      clause(`${ofRow} from exchange as candidate not indexed cross join span where ${waits} and`),
      inHours(started, range),
    ],
  ].map((part) => joined([...part, clause("and candidate.subject = span.id and"), conditions(where)], " "));
  return joined(
    [
      spanOf({ workspace: query.workspace, subjects }, hours, "started"),
      clause(", part (at, subject, class, outcome, count, last, durations) as not materialized ("),
      joined(parts, " union all "),
      clause(`) select at, coalesce((select text from name where name.id = part.subject), '') as subject,
        nullif(class, -1) as class, (select text from name where name.id = part.outcome) as outcome,
        sum(count) as count, max(last) as last, histogram(durations, count) as durations
        from part group by at, part.subject, class, part.outcome having sum(count) > 0 limit ${piecesMax + 1}`),
    ],
    " ",
  );
}

/** The first columns of a part; the driver binds every number as a real, of which % takes the integer after a cast. */
function figuresFrom(
  { stepMs, bySubject }: Measure,
  from: Readonly<Record<"at" | "class" | "count", string>>,
): Clause {
  const step =
    stepMs === undefined ? clause("0") : clause(`${from.at} - ${from.at} % cast(? as integer)`, stepMs);
  const subject = bySubject ? "candidate.subject" : "0";
  return joined(
    [clause("select"), step, clause(`, ${subject}, ${from.class}, candidate.outcome, ${from.count},`)],
    " ",
  );
}
