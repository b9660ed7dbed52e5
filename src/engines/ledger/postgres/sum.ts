import type { Query } from "../../postgres/database.ts";
import { ask, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { addedUp, bytesMax, isDetailed, refuseManyBytes, refuseOdd } from "../adding-up.ts";
import { spansOf } from "../intervals.ts";
import type { Ledger, Sum } from "../ledger.ts";
import { anyText, isStorable } from "./where.ts";

/**
 * Intervals and what is not folded yet, in one statement and so of one moment; added up here, since both databases have
 * the same bytes. Too many of them are left where they are, and refused.
 */
export async function summed(database: Query, query: Sum): ReturnType<Ledger["sum"]> {
  refuseOdd(query);
  if (!isStorable(query.workspace)) return [];
  const rows = await ask(
    database,
    sql`select first, bucket, environment, bytes, case when bytes <= ${bytesMax} then series end as series from (
      select *, sum(octet_length(series)) over () as bytes from (${sourcesOf(query)}) as source) as measured`,
  );
  refuseManyBytes(rows);
  return addedUp(rows, query);
}

function sourcesOf(query: Sum): Sql {
  const { where, stepMs } = query;
  const place = joined(
    [
      sql`workspace = ${query.workspace}`,
      ...(where.buckets === undefined ? [] : [anyText("bucket", where.buckets)]),
      ...(where.environment === undefined ? [] : [anyText("environment", [where.environment])]),
    ],
    " and ",
  );
  const intervals = spansOf(where.from, where.to, stepMs).map(
    ({
      grain,
      from,
      to,
    }) => sql`select at as first, ${text(isDetailed(query) ? "detail" : "total")} as series, bucket,
        environment
      from interval_summary where ${place} and grain = ${grain} and at >= ${from} and at < ${to}`,
  );
  return joined(
    [
      ...intervals,
      sql`select first, series, bucket, environment from summary
        where ${place} and last >= ${where.from} and first < ${where.to}`,
    ],
    " union all ",
  );
}
