import type { CommitOrder } from "../../postgres/commit-order.ts";
import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { Histogram } from "../../stored/histogram.ts";
import { numberOf, numberOrNull, type Row } from "../../stored/row.ts";
import { hourMs } from "../rolled-hours.ts";
import { noneIfLocked } from "./days.ts";
import { eventOf } from "./count-states.ts";
import { addSlots, slotsSql } from "./slots.ts";

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

/**
 * Who holds the lock on the row of `rolled` rolls: rows are read after it is had, up to what is settled, and the
 * position moves with what was added, so that each is added once by whichever node.
 */
async function rollBatch(within: Query, order: CommitOrder, limit: number): Promise<number> {
  const [state] = await within.query("select position from rolled for update");
  if (state === undefined) throw new TypeError("There is no position up to which exchanges are rolled up.");
  const from = numberOf(state, "position");
  const [batch] = await ask(
    within,
    sql`select max(seq) as last, count(*) as count from (
      select seq from exchange where seq > ${from} and seq < ${text(order.horizon)} order by seq limit ${limit}) as next`,
  );
  const to = batch && numberOrNull(batch, "last");
  if (batch === undefined || to === null || to === undefined) return 0;
  const fresh = await within.query(nextFigures, [from, to], "roll figures");
  await within.query(replaceFigures, [JSON.stringify(fresh.map(addedUp))], "roll replace");
  await within.query(addEndings, [from, to], "roll endings");
  await ask(within, sql`update rolled set position = ${to}`);
  return numberOf(batch, "count");
}

const figureKey = "workspace, subject, hour, kind, plane, environment, bucket, class, outcome";

/** Of the exchanges in between, by key: what is to be added, and what the table has under the same key, as `known_`. */
const nextFigures = `with fresh as materialized (
    select workspace, subject, started_at - started_at % ${hourMs} as hour, kind, plane, environment, bucket,
      coalesce(status / 100, -1) as class, outcome, count(*) as count, max(started_at) as last,
      ${slotsSql("duration_ms")} as slots
    from exchange where seq > $1 and seq <= $2 group by ${figureKey})
  select fresh.*, known.count as known_count, known.last as known_last, known.durations as known_durations
  from fresh left join rollup as known using (${figureKey})`;

const columnTypes = `workspace text, subject text, hour bigint, kind text, plane text, environment text, bucket text,
  class integer, outcome text, count bigint, last bigint, durations text`;
const replaceFigures = `insert into rollup (${figureKey}, count, last, durations)
  select ${figureKey}, count, last, decode(durations, 'hex') from json_to_recordset($1) as fresh (${columnTypes})
  on conflict (${figureKey}) do update set
    count = excluded.count, last = excluded.last, durations = excluded.durations`;

const lent = new Histogram();

/** A row for `replaceFigures` from one of `nextFigures`. */
function addedUp({
  known_count: count,
  known_last: last,
  known_durations: durations,
  slots,
  ...fresh
}: Row): object {
  lent.clear();
  if (slots instanceof Uint8Array) addSlots(lent, slots, 1);
  if (durations instanceof Uint8Array) lent.addEncoded(durations);
  return {
    ...fresh,
    count: numberOf(fresh, "count") + Number(count ?? 0),
    last: Math.max(numberOf(fresh, "last"), Number(last ?? -Infinity)),
    durations: Buffer.from(lent.encode()).toString("hex"),
  };
}

/** The event is looked up by its id for each, however much there is of either. */
const addEndings = `
  insert into ending_rollup (workspace, subject, hour, kind, ending, count)
  select carrier.workspace, carrier.subject, carrier.received_at - carrier.received_at % ${hourMs} as hour, event.kind,
    carrier.ending, count(*)
  from exchange as carrier cross join lateral (
    select kind from exchange as event where ${eventOf("carrier")} limit 1) as event
  where carrier.seq > $1 and carrier.seq <= $2 and carrier.ending is not null
  group by carrier.workspace, carrier.subject, hour, event.kind, carrier.ending
  on conflict (workspace, subject, hour, kind, ending) do update set
    count = ending_rollup.count + excluded.count`;
