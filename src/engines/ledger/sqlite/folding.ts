import type { Statement } from "../../sqlite/statements.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { numberOf, type Row } from "../../stored/row.ts";
import { folded, type Known } from "../folding.ts";
import type { Interval } from "../intervals.ts";
import type { Place } from "../folding.ts";
import type { Turns } from "../turns.ts";

/** Folded in one transaction, which writes three intervals for each minute of a place: commits wait behind it. */
const batchRowsMax = 32;

/** Folds the summaries of up to `limit` entries into their intervals; returns of how many. */
export async function foldUp(file: TrafficFile, turn: Turns, limit: number): Promise<number> {
  let done = 0;
  while (done < limit) {
    const batch = await turn(() => foldBatch(file, Math.min(batchRowsMax, limit - done)));
    if (batch === 0) break;
    done += batch;
  }
  return done;
}

/**
 * Intervals are read and added to here; the writer replaces them and removes what was added, in one transaction. In turn
 * with removals. A write whose answer was lost may have happened: a write that does not find all of its rows changes
 * nothing.
 */
async function foldBatch(file: TrafficFile, limit: number): Promise<number> {
  const rows = await file.read(
    "select id, workspace, environment, bucket, first, series from summary order by id limit ?",
    [limit],
  );
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined) return 0;
  const taken = [numberOf(first, "id"), numberOf(last, "id")];
  const intervals = await folded(rows, knownIn(file));
  const written = await file.write([
    ...intervals.map((interval) => replacing(interval, [...taken, rows.length])),
    {
      sql: `delete from summary where id between ? and ? and ${there}`,
      params: [...taken, ...taken, rows.length],
    },
  ]);
  return written.at(-1)?.changes ?? 0;
}

const there = "(select count(*) from summary as taken where taken.id between ? and ?) = ?";

function knownIn(file: TrafficFile): Known {
  return (places): Promise<readonly Row[]> =>
    file.read(
      `select interval_summary.* from json_each(?) as wanted cross join interval_summary
        indexed by interval_summary_place
      where workspace = wanted.value ->> 'workspace' and grain = wanted.value ->> 'grain'
        and at = wanted.value ->> 'at' and bucket = wanted.value ->> 'bucket'
        and environment = wanted.value ->> 'environment'`,
      [JSON.stringify(places)],
    );
}

function replacing(interval: Place & Interval, taken: readonly number[]): Statement {
  const { workspace, grain, at, bucket, environment, total, detail } = interval;
  return {
    sql: `insert into interval_summary (workspace, grain, at, bucket, environment, total, detail)
      select ?, ?, ?, ?, ?, ?, ? where ${there}
      on conflict (workspace, grain, at, bucket, environment) do update set
        total = excluded.total, detail = excluded.detail`,
    params: [workspace, grain, at, bucket, environment, total, detail, ...taken],
  };
}
