import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { ask, sql } from "../../postgres/sql.ts";
import { textOf } from "../../stored/row.ts";
import { folded, type Known, type Place } from "../folding.ts";
import type { Interval } from "../intervals.ts";
import { noneIfLocked } from "./days.ts";
import { keepRolled } from "./unrolling.ts";

/** Folded in one transaction: until it ends, rolls and removals wait. */
const batchRowsMax = 64;

/** Folds the summaries of up to `limit` entries into their intervals; returns of how many. */
export async function foldUp({ database }: Node, limit: number): Promise<number> {
  let done = 0;
  while (done < limit) {
    const wanted = Math.min(batchRowsMax, limit - done);
    const batch = await database.transaction((within) => foldBatch(within, wanted)).catch(noneIfLocked);
    done += batch;
    if (batch < wanted) break;
  }
  return done;
}

/** Who holds the lock on the row of `rolled` folds, so that no interval is read by one node while another adds to it. */
async function foldBatch(within: Query, limit: number): Promise<number> {
  await keepRolled(within);
  const rows = await ask(
    within,
    sql`select id, workspace, environment, bucket, first, series from summary limit ${limit}`,
  );
  if (rows.length === 0) return 0;
  await replace(within, await folded(rows, knownIn(within)));
  await ask(within, sql`delete from summary where id = any(${rows.map((row) => textOf(row, "id"))}::uuid[])`);
  return rows.length;
}

const place = "workspace, grain, at, bucket, environment";
const placeTypes = "workspace text, grain bigint, at bigint, bucket text, environment text";

function knownIn(within: Query): Known {
  return (places) =>
    within.query(
      `select interval_summary.* from json_to_recordset($1) as wanted (${placeTypes})
      join interval_summary using (${place})`,
      [JSON.stringify(places)],
      "fold known",
    );
}

/** Bytes come in one parameter that the rows cut their parts out of, since arrays of bytes are slow. */
async function replace(within: Query, intervals: readonly (Place & Interval)[]): Promise<void> {
  const parts: Uint8Array[] = [];
  let end = 0;
  const append = (part: Uint8Array): number => {
    parts.push(part);
    end += part.length;
    return end - part.length + 1;
  };
  const rows = intervals.map(({ total, detail, ...of }) => ({
    ...of,
    total_from: append(total),
    total_bytes: total.length,
    detail_from: append(detail),
    detail_bytes: detail.length,
  }));
  await within.query(replacement, [JSON.stringify(rows), Buffer.concat(parts)], "fold replace");
}

const replacement = `insert into interval_summary (${place}, total, detail)
  select ${place}, substring($2::bytea from total_from for total_bytes),
    substring($2::bytea from detail_from for detail_bytes)
  from json_to_recordset($1) as new (${placeTypes}, total_from integer, total_bytes integer, detail_from integer,
    detail_bytes integer)
  on conflict (${place}) do update set total = excluded.total, detail = excluded.detail`;
