import { type Database, openDatabase } from "../../src/engines/postgres/database.ts";
import { nodePart } from "../../src/engines/postgres/membership.ts";
import { migrate } from "../../src/engines/postgres/schema.ts";
import { trafficPart } from "../../src/engines/postgres/traffic-schema.ts";
import { type PostgresServer, sharedPostgres } from "../postgres-server.ts";

/** A new database with the tables of traffic. `database` is for looking at it from outside. */
export type TrafficDatabase = { readonly url: string; readonly database: Database };

export async function trafficDatabase(server?: PostgresServer): Promise<TrafficDatabase> {
  const url = await (server ?? (await sharedPostgres())).newDatabase();
  const database = openDatabase({ url, name: "a test", connections: 4, statementMs: 30_000 });
  await migrate(database, [nodePart, trafficPart]);
  return { url, database };
}

let reused: Promise<TrafficDatabase> | undefined;

/** The same database each time, emptied: ten times as fast as a new one. For tests that run one after another. */
export async function emptyTrafficDatabase(): Promise<TrafficDatabase> {
  reused ??= trafficDatabase();
  const { database } = await reused;
  await database.query("truncate exchange, block, job, lane, used, numbering, tally, node");
  return reused;
}
