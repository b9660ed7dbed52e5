import { numberOf, textOf } from "../../engines/stored/row.ts";
import { ok, problem, warning } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const forgottenSeconds = 3_600;
const sql = `select gid, database, extract(epoch from clock_timestamp() - prepared) as seconds
  from pg_prepared_xacts order by prepared limit 10`;

export const prepared = databaseCheck("prepared", [], async ({ query }) => {
  const rows = await query(sql);
  if (rows.length === 0) return [ok("No transaction was prepared and left.")];
  return rows.map((row) => {
    const seconds = numberOf(row, "seconds");
    return (seconds >= forgottenSeconds ? problem : warning)(
      `The transaction ${textOf(row, "gid")} in ${textOf(row, "database")} was prepared ${Math.round(seconds)} s ago and not finished: it holds its locks, and vacuum, across restarts.`,
      "Sluice prepares none. Ask who does; if nobody will finish it, in that database: rollback prepared '…';",
    );
  });
});
