import { type Database, openDatabase } from "../../src/engines/postgres/database.ts";
import { nodePart } from "../../src/engines/postgres/membership.ts";
import { migrate } from "../../src/engines/postgres/schema.ts";
import { trafficPart } from "../../src/engines/postgres/traffic-schema.ts";
import { type PostgresServer, sharedPostgres } from "../postgres-server.ts";

/** A view of the database from outside, on connections of its own. */
export function watch(url: string): Database {
  return openDatabase({ url, name: "a test", connections: 4, statementMs: 60_000 });
}

/** The URL of a new database with the tables of traffic. */
export async function trafficDatabase(server?: PostgresServer): Promise<string> {
  const url = await (server ?? (await sharedPostgres())).newDatabase();
  const database = watch(url);
  await migrate(database, [nodePart, trafficPart]);
  await database.close();
  return url;
}

let reused: Promise<string> | undefined;

/** The same database each time, emptied: ten times as fast as a new one. For tests that run one after another. */
export async function emptyTrafficDatabase(): Promise<string> {
  reused ??= trafficDatabase();
  const database = watch(await reused);
  await database.query("truncate exchange, block, job, lane, used, numbering, tally, node");
  await database.close();
  return reused;
}
