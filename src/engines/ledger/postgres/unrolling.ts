import type { Query } from "../../postgres/database.ts";
import { ask, sql, text, type Sql } from "../../postgres/sql.ts";
import { numberOf } from "../../stored/row.ts";
import { hourMs } from "../rolled-hours.ts";

/**
 * Keeps every other roll and removal, of whichever node, waiting until the transaction ends: what a roll has read is
 * not removed before it is counted. To be called first, so that no one who waits here holds what others wait for.
 */
export async function keepRolled(within: Query): Promise<void> {
  await within.query("select 1 from rolled for update");
}

/**
 * To be run before rows are removed, in the same transaction and after `keepRolled`: takes the rollups of their hours,
 * and of all before, out. What is left of those hours is counted as rows from then on: few, since removal goes from the
 * oldest on.
 *
 * @param gone SQL for what follows `from` to select the rows
 * @returns how many rows these are
 */
export async function unroll(within: Query, gone: Sql): Promise<number> {
  const [row] = await ask(
    within,
    sql`with gone as materialized (
      select workspace, subject, count(*) as count, max(started_at) as started, max(received_at) as received
      from ${gone} group by workspace, subject),
    mark as (
      insert into unrolled as mark (workspace, subject, started_before, received_before)
      select workspace, subject, ${hourAfter("started")}, ${hourAfter("received")} from gone
      on conflict (workspace, subject) do update set
        started_before = greatest(mark.started_before, excluded.started_before),
        received_before = greatest(mark.received_before, excluded.received_before)
      returning workspace, subject, started_before, received_before),
    figures as (
      delete from rollup using mark where rollup.workspace = mark.workspace
        and rollup.subject = mark.subject and rollup.hour < mark.started_before),
    endings as (
      delete from ending_rollup using mark where ending_rollup.workspace = mark.workspace
        and ending_rollup.subject = mark.subject and ending_rollup.hour < mark.received_before)
    select coalesce(sum(count), 0) as count from gone`,
  );
  return row === undefined ? 0 : numberOf(row, "count");
}

/** The end of the hour that the time is in. */
function hourAfter(time: string): Sql {
  return text(`${time} - ${time} % ${hourMs} + ${hourMs}`);
}
