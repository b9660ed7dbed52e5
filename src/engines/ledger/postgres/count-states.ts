import type { Query } from "../../postgres/database.ts";
import { endingOf } from "../../postgres/exchange-row.ts";
import { ask, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { numberOf, textOf, textOrNull, type Row } from "../../stored/row.ts";
import type { CountedState, CountStates } from "../ledger.ts";
import { besideRollups, ofRollups, tooMany, type Rolled, type Span } from "./span.ts";
import { anyText, notBefore, between } from "./where.ts";

/**
 * Counts the rows that carry endings, or, in the hours given, their rollups, and open jobs if any are asked for: all of
 * one moment, in one statement.
 */
export async function countStates(
  database: Query,
  query: CountStates,
  rolled: Rolled | undefined,
): Promise<readonly CountedState[]> {
  const ended =
    rolled === undefined ? [carried(query, carriersOf(query), eventsOf(query), 1)] : fromHours(query, rolled);
  const parts = query.jobs.length === 0 ? ended : [...ended, openOf(query)];
  const rows = await ask(
    database,
    sql`with part (subject, ending, count) as (${joined(parts, " union all ")})
    select subject, ending, sum(count) as count from part group by subject, ending having sum(count) > 0`,
  );
  return rows.map(countedOf);
}

function openOf({ workspace, subjects, jobs, receivedFrom, receivedTo }: CountStates): Sql {
  const ofSubject = subjects === undefined ? text("true") : anyText("subject", subjects);
  return sql`select subject, null, 1::bigint from job where workspace = ${workspace}
    and ${between("received_at", receivedFrom, receivedTo)} and ${anyText("name", jobs)} and ${ofSubject}`;
}

/**
 * SQL for that `event` is the event whose ending the row of this alias records, which has the same subject and time of
 * receipt; to be looked up for its kind.
 */
export function eventOf(carrier: string): string {
  return `event.id = case when ${carrier}.ending = 'duplicate' then ${carrier}.id
    else coalesce(${carrier}.parent, ${carrier}.id) end and event.workspace = ${carrier}.workspace`;
}

function carriersOf({ workspace, receivedFrom, receivedTo }: CountStates): Sql {
  return sql`exchange as candidate where candidate.workspace = ${workspace}
    and ${between("candidate.received_at", receivedFrom, receivedTo)} and ${notBefore("candidate.id", receivedFrom)}`;
}

function fromHours(query: CountStates, rolled: Rolled): readonly Sql[] {
  const { workspace, kinds, receivedFrom: first, receivedTo: end } = query;
  const span: Span = { workspace, told: "received", first, end, ...rolled };
  const rollups = sql`select candidate.subject, candidate.ending, candidate.count from ending_rollup as candidate
    where ${ofRollups(span)} and ${ofSubjects(query)} and ${anyText("candidate.kind", kinds)}`;
  // One at most, so that few carriers look each of theirs up, and the planner does not read all events for them.
  const event = sql`${eventsOf(query)} limit 1`;
  return [
    rollups,
    ...besideRollups(span).map((beside) => carried(query, beside, event, 1)),
    ...tooMany(span).map((counted) => carried(query, counted, event, -1)),
  ];
}

/** `count` for each of the rows, `candidate` of what follows `from`, that records the ending of an event asked for. */
function carried(query: CountStates, candidates: Sql, events: Sql, count: 1 | -1): Sql {
  return sql`select carrier.subject, carrier.ending, ${count}::bigint from (
      select candidate.* from ${candidates} and candidate.ending is not null and ${ofSubjects(query)}) as carrier
    cross join lateral (${events}) as event`;
}

/** The event of `carrier`, when its kind is asked for. */
function eventsOf({ kinds, receivedFrom }: CountStates): Sql {
  return sql`select from exchange as event where ${text(eventOf("carrier"))}
    and ${notBefore("event.id", receivedFrom)} and ${anyText("event.kind", kinds)}`;
}

function ofSubjects({ subjects }: CountStates): Sql {
  return subjects === undefined ? text("true") : anyText("candidate.subject", subjects);
}

function countedOf(row: Row): CountedState {
  const state = endingOf(textOrNull(row, "ending")) ?? "open";
  return { subject: textOf(row, "subject"), state, count: numberOf(row, "count") };
}
