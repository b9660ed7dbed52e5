import { numberOf } from "../stored/row.ts";
import type { Query } from "./database.ts";

/**
 * Ids and sequences are given before a transaction commits, so they commit out of order. The position of a row is
 * therefore its transaction's id times `rowsPerTransaction`, plus its place among the rows of the transaction. All
 * transactions below the oldest one that is still running have ended, so no row can come before their horizon any more:
 * who reads up to it, in order of positions, misses none. https://www.postgresql.org/docs/current/functions-info.html
 *
 * 41 bits of transaction ids stay exact in a JavaScript number: 70 years at 1,000 transactions a second.
 */
export type CommitOrder = {
  /** SQL for the position of the row with this place, which is SQL itself and below `rowsPerTransaction`. */
  position(place: string): string;
  /** SQL for the first position that is not settled yet: rows below it are all there. */
  readonly horizon: string;
};

/** Rows of one table written by one transaction; more would share positions with the next transaction's. */
export const rowsPerTransaction = 4096;

/** Asks for the base of this database, which was settled when a node last started on it. */
export async function commitOrder(database: Query): Promise<CommitOrder> {
  const [row] = await database.query("select base from epoch");
  const base = row === undefined ? 0 : numberOf(row, "base");
  const first = (xid: string): string => `(${xid}::text::bigint + ${base}) * ${rowsPerTransaction}`;
  return {
    position: (place) => `${first("pg_current_xact_id()")} + ${place}`,
    horizon: first("pg_snapshot_xmin(pg_current_snapshot())"),
  };
}

/**
 * Raises the base when there are positions above what this cluster's transaction ids give, as after a dump was restored
 * into another cluster. `newest` is SQL for the greatest position stored. To be called before any node works.
 */
export async function settleEpoch(within: Query, newest: string): Promise<void> {
  await within.query(
    `update epoch set base = newest.position / ${rowsPerTransaction} + 1
    from (select ${newest} as position) as newest
    where newest.position / ${rowsPerTransaction} >= pg_current_xact_id()::text::bigint + base`,
  );
}
