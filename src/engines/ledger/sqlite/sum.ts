import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { named } from "../../sqlite/traffic-schema.ts";
import { addedUp, isDetailed, refuseManyBytes, refuseOdd } from "../adding-up.ts";
import { spansOf } from "../intervals.ts";
import type { Ledger, Sum } from "../ledger.ts";
import { anyNamed, clause, joined, type Clause } from "./clause.ts";
import { ofWorkspace, workspaceOf } from "./where.ts";

/**
 * Intervals and what is not folded yet, in one statement and so of one moment; added up here, since both databases have
 * the same bytes.
 */
export async function summed(file: TrafficFile, query: Sum): ReturnType<Ledger["sum"]> {
  refuseOdd(query);
  const sources = sourcesOf(query);
  const size = clause("select sum(length(series)) as bytes");
  refuseManyBytes(await file.read(...asked(query, size, sources)));
  const columns = clause(`select first, series,
    (select text from name where name.id = bucket) as bucket,
    (select text from name where name.id = environment) as environment`);
  return addedUp(await file.read(...asked(query, columns, sources)), query);
}

function asked({ workspace }: Sum, columns: Clause, sources: Clause): [string, Clause["params"]] {
  const { sql, params } = joined(
    [workspaceOf(workspace), columns, clause("from ("), sources, clause(")")],
    " ",
  );
  return [sql, params];
}

function sourcesOf(query: Sum): Clause {
  const { where, stepMs } = query;
  const place = joined(
    [
      clause(ofWorkspace),
      ...(where.buckets === undefined ? [] : [anyNamed("bucket", where.buckets)]),
      ...(where.environment === undefined ? [] : [clause(`environment = ${named}`, where.environment)]),
    ],
    " and ",
  );
  const intervals = spansOf(where.from, where.to, stepMs).map(({ grain, from, to }) =>
    joined(
      [
        clause(
          `select at as first, ${isDetailed(query) ? "detail" : "total"} as series, bucket, environment
          from interval_summary indexed by interval_summary_place where grain = ? and at >= ? and at < ? and`,
          grain,
          from,
          to,
        ),
        place,
      ],
      " ",
    ),
  );
  const waiting = joined(
    [
      clause(
        "select first, series, bucket, environment from summary where last >= ? and first < ? and",
        where.from,
        where.to,
      ),
      place,
    ],
    " ",
  );
  return joined([...intervals, waiting], " union all ");
}
