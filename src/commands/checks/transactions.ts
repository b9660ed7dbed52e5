import { numberOf, textOf, type Row } from "../../engines/stored/row.ts";
import { ok, problem, warning, type Finding } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

/** Nothing of ours that writes takes so long but a migration. */
const writingSeconds = 10;
const stuckSeconds = 600;
const readingSeconds = 600;
/**
 * Whoever has written, in any database of the server, holds back those who follow exchanges in commit order; whoever
 * reads holds back vacuum. What others run is none of our business: no SQL is looked at.
 */
const sql = `select pid, coalesce(application_name, '') as name, backend_xid is not null as writes,
    extract(epoch from clock_timestamp() - xact_start) as seconds
  from pg_stat_activity
  where xact_start is not null and backend_type = 'client backend' and pid <> pg_backend_pid()
    and (backend_xid is not null or datname = current_database())
  order by xact_start limit 20`;
/** The rows of sessions that the role may not see have no type. */
const hidden = `select count(*) as count, quote_ident(current_user) as role
  from pg_stat_activity where backend_type is null and usesysid is not null`;

export const transactions = databaseCheck("transactions", [], async ({ query }) => {
  const told = [...(await query(sql)).flatMap(judged), ...(await query(hidden)).flatMap(unseen)];
  return told.length > 0 ? told : [ok("None has been open for long.")];
});

function judged(row: Row): readonly Finding[] {
  const [seconds, writes] = [numberOf(row, "seconds"), numberOf(row, "writes") === 1];
  if (seconds < (writes ? writingSeconds : readingSeconds)) return [];
  const name = textOf(row, "name");
  const who = `${name === "" ? "A session without a name" : name} (process ${numberOf(row, "pid")})`;
  const holds = writes
    ? "has written: new exchanges are not yet seen by those who follow them, and vacuum waits"
    : "reads: vacuum waits";
  return [
    (writes && seconds >= stuckSeconds ? problem : warning)(
      `${who} has had a transaction open for ${Math.round(seconds)} s and ${holds}.`,
      `Let it end, or: select pg_terminate_backend(${numberOf(row, "pid")});`,
    ),
  ];
}

function unseen(row: Row): readonly Finding[] {
  const count = numberOf(row, "count");
  return count === 0
    ? []
    : [
        warning(
          `${count} sessions of other roles were not checked: the role may not see them.`,
          `Grant it: grant pg_read_all_stats to ${textOf(row, "role")};`,
        ),
      ];
}
