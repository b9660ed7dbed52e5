import { Failure } from "../../kernel/failure.ts";
import { numberOf } from "../stored/row.ts";
import { sequenceValues, serverVersion, tableNames } from "./catalogue.ts";
import { partitionDays } from "./partitions.ts";
import { keepSchema, standings, type Part } from "./schema.ts";
import type { Session } from "./session.ts";
import { partsAt, tablesOf } from "./tables.ts";

/**
 * Begins the transaction that a copy is read in, and answers what the manifest says of its moment. Tables are locked before the transaction's snapshot exists, so that none of them, and no partition,
 * is gone or changed when its turn comes: PostgreSQL looks tables up as they are now, not as they were at the snapshot.
 *
 * @throws Failure not_found when there are no tables, conflict when a newer program made them
 */
export async function takeMoment(session: Session, parts: readonly Part[], others: readonly Part[]) {
  await keepSchema(session);
  const found = await versionsIn(session);
  refuseNewer([...parts, ...others], found);
  const versions = Object.fromEntries(
    parts.flatMap(({ name }) => (found.has(name) ? [[name, found.get(name) ?? 0]] : [])),
  );
  const tables = tablesOf(partsAt(parts, versions));
  await session.query("begin isolation level repeatable read read only");
  await session.query(`lock table ${["sluice_schema", ...tables].join(", ")} in access share mode`);
  const [row = {}] = await session.query("select extract(epoch from statement_timestamp()) * 1000 as at");
  refuseMoved(found, await versionsIn(session));
  return {
    tables,
    at: new Date(numberOf(row, "at")).toISOString(),
    server: (await serverVersion(session)).text,
    parts: versions,
    days: tables.includes("exchange") ? [...(await partitionDays(session))] : [],
    sequences: await sequenceValues(session),
  };
}

async function versionsIn(session: Session): Promise<ReadonlyMap<string, number>> {
  const tables = await tableNames(session);
  if (!tables.includes("sluice_schema"))
    throw new Failure("not_found", "There are no tables of Sluice in this database.", {
      hint: "Check SLUICE_DATABASE_URL: the name of the database, and the role's search_path.",
    });
  return new Map([...(await standings(session))].map(([name, { version }]) => [name, version]));
}

/** Tables that this program does not know would be missing from the copy. */
function refuseNewer(known: readonly Part[], found: ReadonlyMap<string, number>): void {
  const lengths = new Map(known.map(({ name, migrations }) => [name, migrations.length]));
  for (const [name, version] of found)
    if (version > (lengths.get(name) ?? 0))
      throw new Failure(
        "conflict",
        `A newer version of Sluice has changed the ${name} tables of this database.`,
        { hint: "Back it up with the version that its nodes run." },
      );
}

/** On a standby, what the primary does arrives all the same. */
function refuseMoved(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): void {
  const isSame =
    before.size === now.size && [...now].every(([name, version]) => before.get(name) === version);
  if (isSame) return;
  throw new Failure("unavailable", "The tables were brought forward at this moment.", {
    hint: "Run it again.",
  });
}
