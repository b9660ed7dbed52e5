import { exchangeTimeMs } from "../../kernel/id.ts";
import { textOf } from "../stored/row.ts";
import type { Database, Query } from "./database.ts";

const dayMs = 86_400_000;
const tables = ["exchange", "block"] as const;
/**
 * PostgreSQL lets no partition inherit these. Sealing replaces a raw row by one without content, which fits the same
 * page as long as some of it is left free: then no index changes. Vacuum comes early: it makes room for the next rows,
 * and lets lists and figures be read from indexes alone.
 */
const settings = {
  exchange: `fillfactor = 85, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05,
    autovacuum_analyze_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05`,
  block: "autovacuum_vacuum_scale_factor = 0.05, toast.autovacuum_vacuum_scale_factor = 0.05",
};
/** Any number, so long as it is ours: who makes partitions waits for who is making them. */
const lockKey = 7_305_417_732;

/** The day partitions of exchanges and blocks, which follow the time in an exchange's id. */
export type Partitions = {
  /** Sees to it that rows with these exchange ids have a place; asks the database only about days it has not seen. */
  ensure(ids: readonly string[]): Promise<void>;
  /** The same for days, whole numbers since the epoch, UTC. */
  ensureDays(days: readonly number[]): Promise<void>;
  /** To be called when an insert found no partition all the same: some were dropped since. */
  forget(): void;
};

export function partitions(database: Database): Partitions {
  const known = new Set<number>();
  const making = new Map<number, Promise<void>>();
  const make = (day: number): Promise<void> => {
    const made = makeDay(database, day)
      .then(() => void known.add(day))
      .finally(() => making.delete(day));
    making.set(day, made);
    return made;
  };
  const ensureDays = async (wanted: readonly number[]): Promise<void> => {
    for (const day of new Set(wanted)) if (!known.has(day)) await (making.get(day) ?? make(day));
  };
  return {
    ensure: (ids) => ensureDays(ids.map(dayOf)),
    ensureDays,
    forget: () => known.clear(),
  };
}

/** Each in a transaction of its own: many in one take longer by the square of their number, and are made in vain when it fails. */
function makeDay(database: Database, day: number): Promise<void> {
  return database.transaction(async (within) => {
    await within.query("select pg_advisory_xact_lock($1)", [lockKey]);
    await attachDays(within, [day]);
  });
}

/** The days (whole numbers since the epoch, UTC) that have a partition, oldest first. */
export async function partitionDays(within: Query): Promise<readonly number[]> {
  const rows = await within.query(
    `select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'exchange'::regclass order by relname`,
  );
  return rows.map(
    (row) => Date.parse(textOf(row, "name").replace(/^exchange_(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3")) / dayMs,
  );
}

export function partitionName(table: (typeof tables)[number], day: number): string {
  return `${table}_${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/** The ids from the beginning of the day on, and those before its end, as PostgreSQL writes them. */
export function partitionBounds(day: number): { readonly from: string; readonly to: string } {
  return { from: firstId(day), to: firstId(day + 1) };
}

function firstId(day: number): string {
  return (day * dayMs).toString(16).padStart(12, "0").padEnd(32, "0");
}

/** The day of an exchange's id: whole days since the epoch, UTC. @throws RangeError when it is no id of an exchange */
export function dayOf(id: string): number {
  const at = exchangeTimeMs(id);
  if (at === undefined) throw new RangeError(`${id} is no id of an exchange.`);
  return Math.floor(at / dayMs);
}

/** Makes the partitions of these days, in a transaction that keeps others from doing the same. */
export async function attachDays(within: Query, days: Iterable<number>): Promise<void> {
  for (const day of days) for (const table of tables) await attach(within, table, day);
}

/** Attaching a table that was made apart lets reads and writes of the others go on. */
async function attach(within: Query, table: (typeof tables)[number], day: number): Promise<void> {
  const name = partitionName(table, day);
  const [attached] = await within.query(
    "select 1 from pg_inherits join pg_class on pg_class.oid = inhrelid where relname = $1 and inhparent = $2::regclass",
    [name, table],
  );
  if (attached !== undefined) return;
  const { from, to } = partitionBounds(day);
  await within.query(
    `create table if not exists ${name} (like ${table} including defaults including storage)
    with (${settings[table]})`,
  );
  await within.query(
    `alter table ${table} attach partition ${name} for values from ('${from}') to ('${to}')`,
  );
}
