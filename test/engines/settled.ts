import { setTimeout as sleep } from "node:timers/promises";
import type { Query } from "../../src/engines/postgres/database.ts";
import { numberOf } from "../../src/engines/stored/row.ts";

const lookEveryMs = 2;

/**
 * Resolves once everything committed so far is settled. Positions are settled below the oldest transaction of the whole
 * server, and other tests have theirs on it, as PostgreSQL's own upkeep has.
 */
export async function settled(database: Query): Promise<void> {
  const [row] = await database.query("select pg_current_xact_id()::text::bigint as newest");
  const newest = row === undefined ? 0 : numberOf(row, "newest");
  while (!(await isBelowHorizon(database, newest))) await sleep(lookEveryMs);
}

async function isBelowHorizon(database: Query, transaction: number): Promise<boolean> {
  const [row] = await database.query(
    "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon",
  );
  return row !== undefined && numberOf(row, "horizon") > transaction;
}
