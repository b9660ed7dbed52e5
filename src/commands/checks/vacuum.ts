import { numberOf, numberOrNull, textOf } from "../../engines/stored/row.ts";
import { ok, problem, warning } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const deadMin = 10_000;
const deadShare = 0.5;
const off = `select name from pg_settings where name in ('autovacuum', 'track_counts') and setting = 'off' order by name`;
const behind = `select relname as name, n_live_tup as live, n_dead_tup as dead from pg_stat_user_tables
  where schemaname = current_schema() and n_dead_tup > $1 and n_dead_tup > $2::float8 * n_live_tup
  order by n_dead_tup desc limit 5`;
const jobs = `select n_live_tup as live, n_dead_tup as dead,
    round(extract(epoch from now() - greatest(last_autovacuum, last_vacuum)) / 60) as minutes
  from pg_stat_user_tables
  where schemaname = current_schema() and relname = 'job'`;

export const vacuum = databaseCheck("vacuum", ["job"], async ({ query }) => {
  const told = [
    ...(await query(off)).map((row) =>
      problem(
        `${textOf(row, "name")} is off: tables only grow, and in the end PostgreSQL refuses to write.`,
        `Set ${textOf(row, "name")} = on and reload PostgreSQL.`,
      ),
    ),
    ...(await query(behind, [deadMin, deadShare])).map((row) =>
      warning(
        `${textOf(row, "name")} has ${numberOf(row, "dead")} dead rows beside ${numberOf(row, "live")} live ones.`,
        `Look at transactions that hold vacuum back; then: vacuum ${textOf(row, "name")};`,
      ),
    ),
  ];
  if (told.length > 0) return told;
  const [row = {}] = await query(jobs);
  const minutes = numberOrNull(row, "minutes");
  const last = minutes === null ? "and was not vacuumed yet" : `and was vacuumed ${minutes} minutes ago`;
  return [
    ok(`It keeps up: job has ${numberOf(row, "live")} live and ${numberOf(row, "dead")} dead rows ${last}.`),
  ];
});
