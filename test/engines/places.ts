import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/engines/postgres/database.ts";
import { openNode, type Node } from "../../src/engines/postgres/node.ts";
import { migrate, type Part } from "../../src/engines/postgres/schema.ts";
import type { Clock } from "../../src/kernel/clock.ts";
import { sharedPostgres } from "../postgres-server.ts";

type Closable = { close(): Promise<void> };

/** Somewhere empty that engines can be opened on, one after the other, and that goes away with `remove`. */
export type Place<T> = { open(clock: Clock): Promise<T>; remove(): Promise<void> };

/** A file in a folder of its own. */
export async function filePlace<T>(name: string, open: (path: string, clock: Clock) => T): Promise<Place<T>> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-engine-"));
  return {
    open: async (clock) => open(join(folder, name), clock),
    remove: () => rm(folder, { recursive: true }),
  };
}

let database: Promise<string> | undefined;
let schemas = 0;

/**
 * An address of PostgreSQL under which nothing is: a schema of its own in one database of this process, for a new database
 * takes twice as long.
 */
export async function newSchema(): Promise<string> {
  database ??= sharedPostgres().then((server) => server.newDatabase());
  const url = await database;
  const name = `place_${++schemas}`;
  const { query, close } = openDatabase({ url, name: "places", connections: 1, statementMs: 30_000 });
  await query(`create schema ${name}`);
  await close();
  return `${url}?options=${encodeURIComponent(`-c search_path=${name}`)}`;
}

/** An empty schema with the tables of the part; each engine has a node of its own. */
export async function schemaPlace<T extends Closable>(
  part: Part,
  open: (node: Node, clock: Clock) => Promise<T>,
): Promise<Place<T>> {
  const url = await newSchema();
  return {
    async open(clock) {
      const node = openNode({ url, log: (line) => process.emitWarning(line) });
      await migrate(node.database, [part]);
      const engine = await open(node, clock);
      const close = async (): Promise<void> => {
        await engine.close();
        await node.close();
      };
      let closing: Promise<void> | undefined;
      return { ...engine, close: () => (closing ??= close()) };
    },
    remove: async () => {},
  };
}
