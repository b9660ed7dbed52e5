import type { TestContext } from "node:test";
import { dataParts, localParts } from "../../src/engines/parts.ts";
import { commitOrder } from "../../src/engines/postgres/commit-order.ts";
import { openDatabase, type Database, type Query } from "../../src/engines/postgres/database.ts";
import { uuidOf } from "../../src/engines/postgres/exchange-row.ts";
import { partitions } from "../../src/engines/postgres/partitions.ts";
import { migrate } from "../../src/engines/postgres/schema.ts";
import { newExchangeId } from "../../src/kernel/id.ts";
import type { PostgresServer } from "../postgres-server.ts";

/** Rows as the engines write them, made by SQL: for what is said of a database whatever wrote to it. */
export type ExampleDatabase = {
  readonly url: string;
  readonly database: Database;
  /** An event with its job, in one transaction. */
  receive(): Promise<string>;
  /** The event's ending, and its job is gone, in one transaction. */
  end(event: string): Promise<void>;
};

const columns =
  "id, seq, workspace, environment, bucket, plane, kind, subject, parent, started_at, duration_ms, method, host, path, route, outcome, ending, received_at, content";

/** A database with every table of the product, as a node leaves it. */
export async function exampleDatabase(t: TestContext, server: PostgresServer): Promise<ExampleDatabase> {
  const url = await server.newDatabase();
  const database = openDatabase({ url, name: "example", connections: 4, statementMs: 60_000 });
  t.after(() => database.close());
  await migrate(database, [...localParts, ...dataParts]);
  const days = partitions(database);
  const { position } = await commitOrder(database);
  const exchange = async (
    within: Query,
    id: string,
    of: { parent: string | null; ending: string | null },
  ) => {
    const now = Date.now();
    await within.query(
      `insert into exchange (${columns}) select $1, ${position("0")}, 'ws_1', 'production', 'ep_1', 'webhooks', $2,
        'ep_1', $3, $4, 1.5, 'POST', 'example.com', '/in', '/in', 'accepted', $5, $4, $6`,
      [
        uuidOf(id),
        of.parent === null ? "event" : "attempt",
        of.parent === null ? null : uuidOf(of.parent),
        now,
        of.ending,
        Buffer.from([0, 10, 13, 92, 9, 255, ...Buffer.from(`body of ${id}\n\\N\t`)]),
      ],
    );
  };
  return {
    url,
    database,
    async receive() {
      const id = newExchangeId(Date.now());
      await days.ensure([id]);
      await database.transaction(async (within) => {
        await exchange(within, id, { parent: null, ending: null });
        await within.query(
          `insert into job (id, workspace, name, payload, lane, due_at, attempt, exchange, received_at, subject)
          values ($1, 'ws_1', 'deliver', '{}', 'ep_1', $2, 0, $3, $2, 'ep_1')`,
          [id, Date.now(), uuidOf(id)],
        );
      });
      return id;
    },
    async end(event) {
      const id = newExchangeId(Date.now());
      await days.ensure([id]);
      await database.transaction(async (within) => {
        await exchange(within, id, { parent: event, ending: "delivered" });
        await within.query("delete from job where id = $1", [event]);
      });
    },
  };
}

/** Asks a database once, on a connection of its own. */
export async function asked(url: string, sql: string): ReturnType<Query["query"]> {
  const database = openDatabase({ url, name: "test", connections: 1, statementMs: 60_000 });
  try {
    return await database.query(sql);
  } finally {
    await database.close();
  }
}

/** Uses up so many transaction ids. */
export async function spendTransactions(url: string, count: number): Promise<void> {
  await asked(
    url,
    `do $$ begin for i in 1..${count} loop perform pg_current_xact_id(); commit; end loop; end $$`,
  );
}
