import { endings } from "../../../kernel/exchange.ts";
import { endingCode, endingOf } from "../../sqlite/exchange-row.ts";
import { numberOf, textOf, type Row } from "../../stored/row.ts";
import type { CountedState, CountStates } from "../ledger.ts";
import type { Hours } from "../rolled-hours.ts";
import { atEnds, inHours, spanOf, tooMany, waits, type Range } from "./span.ts";
import { anyNamed, anyOf, clause, joined, type Clause } from "./clause.ts";
import { ofWorkspace, subjectsOf, workspaceOf } from "./where.ts";

/**
 * Counts the rows that carry endings, or, in the hours given, their rollups, and open jobs if any are asked for: all of
 * one moment, in one statement.
 */
export function countStatesQuery(query: CountStates, hours: Hours | undefined): Clause {
  const { workspace, subjects } = query;
  return joined(
    [
      ...(hours === undefined
        ? [workspaceOf(workspace), subjectsOf(subjects)]
        : [spanOf({ workspace, subjects }, hours, "received")]),
      clause(", part (subject, ending, count) as ("),
      joined(hours === undefined ? [fromRows(query)] : fromHours(query, hours), " union all "),
      clause(`) select (select text from name where name.id = part.subject) as subject, ending, sum(count) as count
        from part group by part.subject, ending having sum(count) > 0`),
      ...(query.jobs.length === 0 ? [] : [clause("union all"), openOf(query)]),
    ],
    " ",
  );
}

function openOf({ workspace, subjects, jobs, receivedFrom, receivedTo }: CountStates): Clause {
  const wanted = joined(
    [
      clause(
        "select subject, null, count(*) from job where workspace = ? and received_at >= ? and received_at < ?",
        workspace,
        receivedFrom,
        receivedTo,
      ),
      anyOf("name", jobs),
      ...(subjects === undefined ? [] : [anyOf("subject", subjects)]),
    ],
    " and ",
  );
  return joined([wanted, clause("group by subject")], " ");
}

/**
 * The event whose ending the exchange `candidate` records, which has the same subject and time of receipt; to be looked
 * up for its kind.
 */
export const eventOfCarrier = `event.id = case when candidate.ending = ${endingCode("duplicate")} then candidate.id
  else coalesce(candidate.parent, candidate.id) end and event.workspace = candidate.workspace`;
export const carries = `candidate.ending in (${endings.map(endingCode).join(", ")})`;

function fromRows(query: CountStates): Clause {
  const { receivedFrom, receivedTo } = query;
  const received = clause(
    "candidate.received_at >= ? and candidate.received_at < ?",
    receivedFrom,
    receivedTo,
  );
  return carried(
    "subject as span cross join exchange as candidate indexed by exchange_ending",
    query,
    received,
    1,
  );
}

function fromHours(query: CountStates, hours: Hours): readonly Clause[] {
  const range: Range = { first: query.receivedFrom, hours, end: query.receivedTo };
  const received = "candidate.received_at";
  const rolled = joined(
    [
      clause(`select candidate.subject, candidate.ending, candidate.count from span
        cross join ending_rollup as candidate where candidate.${ofWorkspace} and candidate.subject = span.id and`),
      inHours("candidate.hour", range),
      clause("and"),
      anyNamed("candidate.kind", query.kinds),
    ],
    " ",
  );
  return [
    rolled,
    ...atEnds(received, range).map((end) => carried(alongEndings, query, end, 1)),
    carried(alongEndings, query, tooMany(received, range), -1),
    carried(
      "exchange as candidate not indexed cross join span",
      query,
      joined([clause(waits), inHours(received, range)], " and "),
      1,
    ),
  ];
}

const alongEndings = "span cross join exchange as candidate indexed by exchange_ending";

function carried(rows: string, { kinds }: CountStates, wanted: Clause, count: 1 | -1): Clause {
  return joined(
    [
      clause(`select event.subject, candidate.ending, ${count}
        from ${rows} cross join exchange as event indexed by exchange_id
        where candidate.${ofWorkspace} and ${carries} and candidate.subject = span.id and ${eventOfCarrier} and`),
      wanted,
      clause("and"),
      anyNamed("event.kind", kinds),
    ],
    " ",
  );
}

export function countedOf(row: Row): CountedState {
  const state = endingOf(row["ending"] ?? null) ?? "open";
  return { subject: textOf(row, "subject"), state, count: numberOf(row, "count") };
}
