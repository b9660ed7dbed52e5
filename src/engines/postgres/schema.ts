import { Failure } from "../../kernel/failure.ts";
import { numberOf } from "../stored/row.ts";
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
 * @throws Failure conflict when a newer program has changed a part so that this one cannot work with it;
 * Failure unavailable when PostgreSQL cannot be used
 */
export async function migrate(database: Database, parts: readonly Part[]): Promise<void> {
  await database.transaction(async (within) => {
    await within.query("set local lock_timeout = 0");
    await within.query("select pg_advisory_xact_lock($1)", [lockKey]);
    await within.query(versionTable);
    for (const part of parts) await advance(within, part);
  });
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

async function standing(
  within: Query,
  part: string,
): Promise<{ readonly version: number; readonly needs: number }> {
  const [row] = await within.query("select version, needs from sluice_schema where part = $1", [part]);
  return row === undefined
    ? { version: 0, needs: 0 }
    : { version: numberOf(row, "version"), needs: numberOf(row, "needs") };
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
