import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import pg from "pg";
import { durablePostgres } from "../postgres-server.ts";
import type { MovedClock } from "./moved-clock.ts";
import { freshFolder } from "./server-process.ts";

/** A database that a server can be told to use. */
export type Engine = {
  readonly name: string;
  /** Whether everything it writes is below the folder that it is prepared on. */
  readonly staysInFolder: boolean;
  /** A database of a test's own, gone after it. What the engine stores is below `folder`, a fresh one unless given. */
  prepare(t: TestContext, folder?: string): Promise<Prepared>;
};

/** What a server is started with to use that database, and what can be seen of it from outside. */
export type Prepared = {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly tables: Tables;
};

/** What is stored, read beside the server and without its code. */
export type Tables = {
  /** Every event there is, duplicates too, by its id; each with how many attempts at it are recorded. */
  events(): Promise<ReadonlyMap<string, number>>;
  /** What the database itself says is wrong with it; undefined = nothing. */
  damage(): Promise<string | undefined>;
  /** Deletes the open job of an event; answers how many rows went. */
  deleteJob(event: string): Promise<number>;
  /** Nobody else can write while `work` runs. */
  whileLocked<T>(work: () => Promise<T>): Promise<T>;
  /** Lets time pass, for the server or its database, until every lease that is under way has lapsed. */
  lapseLeases(clock: MovedClock): Promise<void>;
};

/** Longer than any lease lasts. */
const leasesLapseMs = 10 * 60_000;

const events = `select 'ex_' || lower(hex(event.id)) as id,
  (select count(*) from exchange where parent = event.id and attempt is not null) as attempts
from exchange event join name on name.id = event.kind where name.text = 'event'`;

const embedded: Engine = {
  name: "embedded",
  staysInFolder: true,
  async prepare(t, folder) {
    const own = folder ?? (await freshFolder(t));
    return { folder: own, environment: {}, tables: sqliteTables(join(own, "traffic.db")) };
  },
};

function sqliteTables(path: string): Tables {
  const opened = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path, { timeout: 60_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    async events() {
      const rows = opened((database) => database.prepare(events).all());
      return new Map(rows.map(({ id, attempts }) => [String(id), Number(attempts)]));
    },
    async damage() {
      const row = opened((database) => database.prepare("pragma integrity_check").get());
      return row?.["integrity_check"] === "ok" ? undefined : String(row?.["integrity_check"]);
    },
    async deleteJob(event) {
      return Number(
        opened((database) => database.prepare("delete from job where id = ?").run(event)).changes,
      );
    },
    async whileLocked(work) {
      const other = new DatabaseSync(path, { timeout: 60_000 });
      try {
        other.exec("begin exclusive");
        return await work();
      } finally {
        other.close();
      }
    },
    async lapseLeases(clock) {
      clock.move(leasesLapseMs);
    },
  };
}

const postgres: Engine = {
  name: "PostgreSQL",
  staysInFolder: false,
  async prepare(t, folder) {
    const url = await (await durablePostgres()).newDatabase();
    const own = folder ?? (await freshFolder(t));
    return { folder: own, environment: { SLUICE_DATABASE_URL: url }, tables: postgresTables(url) };
  },
};

const eventRows = `select 'ex_' || replace(event.id::text, '-', '') as id,
  (select count(*) from exchange where parent = event.id and attempt is not null) as attempts
from exchange event where kind = 'event'`;

/** What is stored in the database at the URL. */
export function postgresTables(url: string): Tables {
  const opened = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    async events() {
      const { rows } = await opened((client) => client.query<{ id: string; attempts: string }>(eventRows));
      return new Map(rows.map(({ id, attempts }) => [id, Number(attempts)]));
    },
    async damage() {
      // Pages have checksums: one that is damaged cannot be read.
      await opened((client) =>
        client.query("select sum(length(exchange::text)), (select count(*) from job) from exchange"),
      );
      return undefined;
    },
    async deleteJob(event) {
      return (await opened((client) => client.query("delete from job where id = $1", [event]))).rowCount ?? 0;
    },
    async whileLocked(work) {
      return opened(async (client) => {
        await client.query("begin");
        await client.query("lock table exchange, job, record in exclusive mode");
        return work();
      });
    },
    async lapseLeases() {
      // They are by the clock of the database, which stays as it is.
      await opened((client) => client.query("update job set claimed_until = 0 where claim is not null"));
    },
  };
}

/** The suites of faults run over this list: another engine is one line more. */
export const engines: readonly Engine[] = [embedded, postgres];
