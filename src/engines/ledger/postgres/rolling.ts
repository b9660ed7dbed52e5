import type { CommitOrder } from "../../postgres/commit-order.ts";
import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { numberOf } from "../../stored/row.ts";
import { hourMs } from "../rolled-hours.ts";
import { isLocked } from "./days.ts";
import { eventOf } from "./count-states.ts";
import { slotSql } from "./slots.ts";

/** Rolled up in one transaction: until it ends, removals wait, and followers of `since` see nothing newer. */
const batchRowsMax = 2_000;

/** Rolls up to `limit` exchanges up, in commit order; returns how many. */
export async function rollUp(node: Node, order: CommitOrder, limit: number): Promise<number> {
  let rolled = 0;
  while (rolled < limit) {
    const wanted = Math.min(batchRowsMax, limit - rolled);
    const batch = await node.database
      .transaction((within) => rollBatch(within, order, wanted))
      .catch(noneIfLocked);
    rolled += batch;
    if (batch < wanted) break;
  }
  return rolled;
}

/** Whoever has kept the lock for seconds, such as who drops a day, is let finish: the rest waits for the next call. */
function noneIfLocked(error: unknown): number {
  if (isLocked(error)) return 0;
  throw error;
}

/**
 * Who holds the lock on the row of `rolled` rolls: rows are read after it is had, up to what is settled, and the
 * position moves with what was added, so that each is added once by whichever node.
 */
async function rollBatch(within: Query, order: CommitOrder, limit: number): Promise<number> {
  const [state] = await within.query("select position from rolled for update");
  if (state === undefined) throw new TypeError("There is no position up to which exchanges are rolled up.");
  const [row] = await ask(
    within,
    sql`with batch as materialized (
      select id, seq, workspace, subject, kind, plane, environment, bucket, status, outcome, parent, ending,
        started_at, received_at, duration_ms
      from exchange where seq > ${numberOf(state, "position")} and seq < ${text(order.horizon)}
      order by seq limit ${limit}),
    figures as (${text(addFigures)}),
    endings as (${text(addEndings)}),
    moved as (
      update rolled set position = batch.last from (select max(seq) as last from batch) as batch
      where batch.last is not null)
    select count(*) as count from batch`,
  );
  return row === undefined ? 0 : numberOf(row, "count");
}

const figureKey = "workspace, subject, hour, kind, plane, environment, bucket, class, outcome";

const addFigures = `
  insert into rollup (${figureKey}, last, slots, counts)
  select ${figureKey}, max(last), array_agg(slot), array_agg(count) from (
    select workspace, subject, started_at - started_at % ${hourMs} as hour, kind, plane, environment, bucket,
      coalesce(status / 100, -1) as class, outcome, ${slotSql("duration_ms")} as slot,
      count(*)::integer as count, max(started_at) as last
    from batch group by ${figureKey}, slot) as fresh
  group by ${figureKey}
  on conflict (${figureKey}) do update set
    last = greatest(rollup.last, excluded.last),
    (slots, counts) = (
      select array_agg(slot), array_agg(count) from (
        select slot, sum(count)::integer as count from (
          select * from unnest(rollup.slots, rollup.counts)
          union all
          select * from unnest(excluded.slots, excluded.counts)) as part (slot, count)
        group by slot) as whole)`;

/** The event is looked up by its id for each, however much there is of either. */
const addEndings = `
  insert into ending_rollup (workspace, subject, hour, kind, ending, count)
  select carrier.workspace, carrier.subject, carrier.received_at - carrier.received_at % ${hourMs} as hour, event.kind,
    carrier.ending, count(*)
  from batch as carrier cross join lateral (
    select kind from exchange as event where ${eventOf("carrier")} limit 1) as event
  where carrier.ending is not null
  group by carrier.workspace, carrier.subject, hour, event.kind, carrier.ending
  on conflict (workspace, subject, hour, kind, ending) do update set
    count = ending_rollup.count + excluded.count`;
