import { Failure } from "../../kernel/failure.ts";
import { numberOf, textOf, type Row } from "../stored/row.ts";
import { refuseOld } from "./catalogue.ts";
import type { Database, Query } from "./database.ts";

/** One step of a part's schema, forward only; one that was released is never edited. */
export type Migration = {
  readonly sql: string;
  /**
   * How many migrations a program must know to go on working once this one has run: those that know fewer are told to
   * stop. A migration that older programs survive (a new table, a column with a default) leaves it as it was.
   */
  readonly needs: number;
};

/** The tables of one engine. */
export type Part = { readonly name: string; readonly migrations: readonly Migration[] };

const versionTable = `create table if not exists sluice_schema (
  part text primary key,
  version integer not null,
  needs integer not null
)`;
/** Any number, so long as it is ours: nodes that start together migrate one after another. */
const lockKey = 7_305_417_731;

/**
 * Brings every part up to date, in one transaction that other starting nodes wait for.
 *
 * @throws Failure conflict when a newer program has changed a part so that this one cannot work with it, or PostgreSQL is
 * too old; Failure unavailable when PostgreSQL cannot be used
 */
export async function migrate(database: Database, parts: readonly Part[]): Promise<void> {
  if (await isCurrent(database, parts)) return;
  await database.transaction(async (within) => {
    await refuseOld(within);
    await lockSchema(within);
    await advanceAll(within, parts);
  });
}

/**
 * Whether there is nothing to bring forward, as when a newer program has changed the tables so that this one goes on: then
 * a start needs no lock, which a copy of the tables may hold for hours.
 *
 * @throws Failure conflict as `migrate` does
 */
async function isCurrent(database: Query, parts: readonly Part[]): Promise<boolean> {
  const [row = {}] = await database.query("select to_regclass('sluice_schema') is not null as there");
  if (numberOf(row, "there") === 0) return false;
  const found = await standings(database);
  for (const part of parts) refuseNewer(part, found.get(part.name)?.needs ?? 0);
  return parts.every(({ name, migrations }) => (found.get(name)?.version ?? 0) >= migrations.length);
}

/**
 * Keeps the schema as it is for as long as the connection lives: who would change it waits, and holds nothing that
 * others wait for. Any number may do so at once.
 */
export async function keepSchema(connection: Query): Promise<void> {
  await connection.query("select pg_advisory_lock_shared($1)", [lockKey]);
}

/** Keeps starting nodes, and whoever else would change the schema, waiting until the transaction ends. */
export async function lockSchema(within: Query): Promise<void> {
  await within.query("set local lock_timeout = 0");
  await within.query("select pg_advisory_xact_lock($1)", [lockKey]);
}

/**
 * Brings every part up to date, in a transaction that has locked the schema.
 *
 * @throws Failure conflict as `migrate` does
 */
export async function advanceAll(within: Query, parts: readonly Part[]): Promise<void> {
  await within.query(versionTable);
  for (const part of parts) await advance(within, part);
}

/** @throws Failure conflict when a newer program has changed a part so that this one must stop */
export async function refuseOutdated(database: Query, parts: readonly Part[]): Promise<void> {
  for (const part of parts) {
    const { needs } = await standing(database, part.name);
    refuseNewer(part, needs);
  }
}

async function advance(within: Query, { name, migrations }: Part): Promise<void> {
  const { version, needs } = await standing(within, name);
  refuseNewer({ name, migrations }, needs);
  for (const { sql } of migrations.slice(version)) await within.query(sql);
  const last = migrations.at(-1);
  if (last === undefined || version >= migrations.length) return;
  await within.query(
    `insert into sluice_schema (part, version, needs) values ($1, $2, $3)
    on conflict (part) do update set version = excluded.version, needs = excluded.needs`,
    [name, migrations.length, last.needs],
  );
}

/** What the database says of a part: how many migrations it has seen, and how many a program must know. */
export type Standing = { readonly version: number; readonly needs: number };

/** Every part there is in the database, those of other programs included. */
export async function standings(within: Query): Promise<ReadonlyMap<string, Standing>> {
  const rows = await within.query("select part, version, needs from sluice_schema order by part");
  return new Map(rows.map((row) => [textOf(row, "part"), standingOf(row)]));
}

async function standing(within: Query, part: string): Promise<Standing> {
  const [row] = await within.query("select version, needs from sluice_schema where part = $1", [part]);
  return row === undefined ? { version: 0, needs: 0 } : standingOf(row);
}

function standingOf(row: Row): Standing {
  return { version: numberOf(row, "version"), needs: numberOf(row, "needs") };
}

function refuseNewer({ name, migrations }: Part, needs: number): void {
  if (needs > migrations.length)
    throw new Failure(
      "conflict",
      `A newer version of Sluice has changed the ${name} tables of this database.`,
      {
        hint: "Start this node with the version that the other nodes run; it cannot go back.",
      },
    );
}
