import { bytesOf, numberOf, numberOrNull, type Row } from "../../stored/row.ts";
import type { Statement } from "../../sqlite/statements.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { hourMs } from "../rolled-hours.ts";
import { carries, eventOfCarrier } from "./count-states.ts";
import type { Turns } from "../turns.ts";

/** Rolled up in one transaction, which writes at most as many rows: commits wait behind it. */
const batchRowsMax = 2_000;

/** Rolls up to `limit` exchanges up, in commit order; returns how many. */
export async function rollUp(file: TrafficFile, turn: Turns, limit: number): Promise<number> {
  let rolled = 0;
  while (rolled < limit) {
    const batch = await turn(() => rollBatch(file, Math.min(batchRowsMax, limit - rolled)));
    if (batch === 0) break;
    rolled += batch;
  }
  return rolled;
}

/**
 * Readers add the next rows to the rollups they belong to; the writer only replaces those, and moves the position, in
 * one transaction. In turn with removals, which take away both. A write whose answer was lost may have happened: so the
 * position is read anew each time, and a write that does not find it where it was changes nothing.
 */
async function rollBatch(file: TrafficFile, limit: number): Promise<number> {
  const [next] = await file.read(
    `with next as (
      select seq from exchange not indexed where seq > (select position from rolled) order by seq limit ?)
    select (select position from rolled) as position, max(seq) as last, count(*) as rows from next`,
    [limit],
  );
  if (typeof next?.["last"] !== "number") return 0;
  const [from, to] = [numberOf(next, "position"), next["last"]];
  const [figures, endings] = await Promise.all([
    file.read(nextFigures, [from, to]),
    file.read(nextEndings, [from, to]),
  ]);
  const written = await file.write([
    replacing("rollup", [...figureKey, "count", "last", "durations"], figures, from),
    replacing("ending_rollup", [...endingKey, "count"], endings, from),
    { sql: "update rolled set position = ? where position = ?", params: [to, from] },
  ]);
  return written.at(-1)?.changes === 1 ? numberOf(next, "rows") : 0;
}

const figureKey = "workspace subject hour kind plane environment bucket class outcome".split(" ");
const endingKey = "workspace subject hour kind ending".split(" ");

/** Parameters: the position, and the new one. */
const nextFigures = addedUp(
  "rollup",
  figureKey,
  "sum(count) as count, max(last) as last, histogram(durations, 1) as durations",
  `select workspace, subject, started_at - started_at % ${hourMs} as hour, kind, plane, environment, bucket,
    coalesce(status / 100, -1) as class, outcome,
    count(*) as count, max(started_at) as last, histogram(duration_ms, 1) as durations
  from exchange as candidate not indexed where seq > ? and seq <= ?`,
);

const nextEndings = addedUp(
  "ending_rollup",
  endingKey,
  "sum(count) as count",
  `select event.workspace, event.subject, candidate.received_at - candidate.received_at % ${hourMs} as hour,
    event.kind, candidate.ending, count(*) as count
  from exchange as candidate not indexed cross join exchange as event indexed by exchange_id
  where candidate.seq > ? and candidate.seq <= ? and ${carries} and ${eventOfCarrier}`,
);

/** The fresh rows by key, and added to them what the table has under the same keys. */
function addedUp(table: string, key: readonly string[], sums: string, fresh: string): string {
  const by = key.map((_, n) => n + 1).join();
  return `with fresh as materialized (${fresh} group by ${by})
    select ${key.join()}, ${sums} from (
      select * from fresh
      union all
      select ${table}.* from fresh cross join ${table} using (${key.join()}))
    group by ${by}`;
}

/** One statement for all rows; blobs go through JSON as hex. */
function replacing(
  table: string,
  columns: readonly string[],
  rows: readonly Row[],
  position: number,
): Statement {
  const blob = columns.indexOf("durations");
  const values = columns.map((_, n) => (n === blob ? `unhex(value ->> ${n})` : `value ->> ${n}`));
  const encoded = rows.map((row) =>
    columns.map((column, n) =>
      n === blob ? Buffer.from(bytesOf(row, column)).toString("hex") : numberOrNull(row, column),
    ),
  );
  return {
    sql: `replace into ${table} (${columns.join()}) select ${values.join()} from json_each(?)
      where (select position from rolled) = ?`,
    params: [JSON.stringify(encoded), position],
  };
}

/**
 * To be run before rows are removed, in the same transaction: takes the rollups of their hours, and of all before, out.
 * What is left of those hours is counted as rows from then on: few, since removal goes from the oldest on.
 */
export function unrolling(gone: string, params: Statement["params"]): readonly Statement[] {
  const subjects = `select workspace, subject from exchange as gone where ${gone}`;
  const taking = (table: string, key: readonly string[], before: string): Statement => ({
    sql: `delete from ${table} where (${key.join()}) in (
      select ${key.map((column) => `hours.${column}`).join()} from unrolled cross join ${table} as hours
      where (unrolled.workspace, unrolled.subject) in (${subjects})
        and hours.workspace = unrolled.workspace and hours.subject = unrolled.subject
        and hours.hour < unrolled.${before})`,
    params,
  });
  return [
    {
      sql: `insert into unrolled (workspace, subject, started_before, received_before)
        select workspace, subject, ${hourAfter("max(started_at)")}, ${hourAfter("max(received_at)")}
        from exchange as gone where ${gone} group by workspace, subject
        on conflict (workspace, subject) do update set
          started_before = max(started_before, excluded.started_before),
          received_before = max(received_before, excluded.received_before)`,
      params,
    },
    taking("rollup", figureKey, "started_before"),
    taking("ending_rollup", endingKey, "received_before"),
  ];
}

/** The end of the hour that the time is in. */
function hourAfter(time: string): string {
  return `${time} - ${time} % ${hourMs} + ${hourMs}`;
}
