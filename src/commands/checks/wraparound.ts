import { numberOf, textOf } from "../../engines/stored/row.ts";
import { ok, problem, warning } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

/** PostgreSQL stops giving out ids at 2^31. */
const nearAge = 1_200_000_000;
/** Autovacuum freezes what is older than its setting; it needs some time for it. */
const lateFactor = 1.5;
const sql = `select datname as name, greatest(age(datfrozenxid), mxid_age(datminmxid)) as age,
    current_setting('autovacuum_freeze_max_age')::bigint as frozen_at
  from pg_database where datallowconn order by 2 desc limit 1`;

export const wraparound = databaseCheck("wraparound", [], async ({ query }) => {
  const [row = {}] = await query(sql);
  const [age, frozenAt] = [numberOf(row, "age"), numberOf(row, "frozen_at")];
  const saw = `The oldest transaction id of ${textOf(row, "name")} is ${age} back`;
  const todo = `End old and prepared transactions and drop unused replication slots, then in that database: vacuum freeze;`;
  if (age >= nearAge) return [problem(`${saw}, of 2147483648 at which PostgreSQL stops to write.`, todo)];
  if (age >= lateFactor * frozenAt)
    return [warning(`${saw}; autovacuum should have frozen it at ${frozenAt}.`, todo)];
  return [ok(`${saw}; autovacuum freezes it at ${frozenAt}.`)];
});
