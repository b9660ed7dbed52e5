import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Row } from "../stored/row.ts";
import { socketsToPostgres } from "./sockets.ts";
import { failureOf, isBroken, unavailable } from "./trouble.ts";

/** Integers are sent as text, so that their size decides nothing; a NUL, which PostgreSQL has in no text, becomes U+FFFD. */
export type Param = null | number | string | boolean | Uint8Array | readonly (string | number | null)[];

export type Query = {
  /**
   * Runs one statement and answers its rows. `name` prepares it once per connection: for the few that run often and
   * whose text never varies.
   *
   * @throws Failure unavailable when PostgreSQL cannot be reached, refuses to write, or takes too long; other errors
   * of the statement as the driver throws them, with their SQLSTATE in `code`
   */
  query(sql: string, params?: readonly Param[], name?: string): Promise<readonly Row[]>;
};

/** SQL for a statement whose transaction must reach the disk, whatever the server is set to; its value is of no interest. */
export const durable = synchronousCommit("on", "'off', 'local'");
/** SQL for a statement whose transaction may be lost when the server dies, and need not wait for the disk. */
export const forgettable = synchronousCommit("off", "'on', 'local', 'remote_write', 'remote_apply'");

function synchronousCommit(to: string, from: string): string {
  return `case when current_setting('synchronous_commit') in (${from}) then set_config('synchronous_commit', '${to}', true) end`;
}

/** A bounded pool of connections to one database. */
export type Database = Query & {
  /** Runs `work` in one transaction (read committed), which commits when it resolves and is rolled back when it rejects. */
  transaction<T>(work: (within: Query) => Promise<T>): Promise<T>;
  /**
   * Leaves its connections for new ones, since they may be dead without anyone having been told: whoever asked on one of
   * them would wait for as long as a statement may take. What is under way on them ends as it may.
   */
  renew(): void;
  close(): Promise<void>;
};

export type DatabaseTerms = {
  readonly url: string;
  /** Seen in pg_stat_activity. */
  readonly name: string;
  readonly connections: number;
  /** Settings of the connections, such as of the planner. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A statement that takes longer is cancelled by the server, and given up by us a second later. */
  readonly statementMs: number;
};

const connectMs = 4_000;
const lockMs = 3_000;
const idleInTransactionMs = 10_000;
const idleMs = 30_000;
const giveUpMs = 1_000;
/** What is under way when all is closed: as long as a commit may take, and not as long as a question. */
const underWayMs = 5_000;
const keepAliveMs = 10_000;
/** Callers that wait for a connection; more are refused at once. */
const waitingMax = 2_000;

/** Opens nothing yet: connections are made when they are needed and given up when they have been idle for 30 s. */
export function openDatabase(terms: DatabaseTerms): Database {
  let current = openPool(terms);
  const leaving = new Set<Pool>();

  const connected = async <T>(work: (within: Query) => Promise<T>): Promise<T> => {
    const { pool } = current;
    if (pool.waitingCount >= waitingMax) throw unavailable("Too many queries wait for PostgreSQL.");
    let broken = false;
    const client = await pool.connect().catch(refuse);
    try {
      return await work(queryOf(client, () => (broken = true)));
    } finally {
      client.release(broken);
    }
  };

  return {
    query: (sql, params, name) => connected((within) => within.query(sql, params, name)),
    transaction: (work) =>
      connected(async (within) => {
        await within.query("begin");
        try {
          const result = await work(within);
          await within.query("commit");
          return result;
        } catch (error) {
          // The connection may be what failed: then the server rolls back by itself.
          await within.query("rollback").catch(() => {});
          throw error;
        }
      }),
    renew() {
      const left = current;
      leaving.add(left);
      void left.end().then(() => leaving.delete(left));
      current = openPool(terms);
    },
    async close() {
      await Promise.all([current, ...leaving].map((pool) => pool.close()));
    },
  };
}

type Pool = {
  readonly pool: pg.Pool;
  /** Closes each connection when what is under way on it is over. */
  end(): Promise<void>;
  /** The same, but gives up soon what takes long. */
  close(): Promise<void>;
};

function openPool(terms: DatabaseTerms): Pool {
  const sockets = socketsToPostgres();
  const pool = new pg.Pool({
    connectionString: terms.url,
    application_name: terms.name,
    max: terms.connections,
    connectionTimeoutMillis: connectMs,
    idleTimeoutMillis: idleMs,
    statement_timeout: terms.statementMs,
    query_timeout: terms.statementMs + giveUpMs,
    lock_timeout: lockMs,
    idle_in_transaction_session_timeout: idleInTransactionMs,
    options: Object.entries(terms.settings ?? {})
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: rowTypes,
    stream: () => sockets.open(),
  });
  // A connection that breaks while nobody uses it is replaced; who uses the next one finds out what is wrong.
  pool.on("error", ignore);
  // From the first moment on: that it breaks may be told in the same packet as that it is ready.
  pool.on("connect", (client) => client.on("error", ignore));
  const ending = async (): Promise<void> => {
    await pool.end();
    await sockets.closed();
  };
  let ended: Promise<void> | undefined;
  const end = (): Promise<void> => (ended ??= ending());
  return {
    pool,
    end,
    async close() {
      await Promise.race([end(), sleep(underWayMs, undefined, { ref: false })]);
      await sockets.closed();
    },
  };
}

/** Statements on one connection; `breaks` is called when it is of no further use. */
export function queryOf(client: pg.ClientBase, breaks: () => void): Query {
  return {
    async query(sql, params = [], name) {
      try {
        const text = { text: sql, values: params.map(sent), ...(name !== undefined && { name }) };
        const { rows } = await client.query<Row>(text);
        return rows;
      } catch (error) {
        if (isBroken(error)) breaks();
        return refuse(error);
      }
    },
  };
}

/** A connection that breaks while its transaction is idle is found out by the next statement. */
function ignore(): void {}

function refuse(error: unknown): never {
  throw failureOf(error);
}

function sent(param: Param): unknown {
  if (typeof param === "string") return param.includes("\0") ? param.replaceAll("\0", "\uFFFD") : param;
  if (param instanceof Uint8Array) return Buffer.from(param.buffer, param.byteOffset, param.byteLength);
  if (Array.isArray(param)) return param.map(sent);
  return param;
}

const asNumber = (text: string): unknown => Number(text);
const { builtins } = pg.types;
const parsers: ReadonlyMap<number, (text: string) => unknown> = new Map([
  [builtins.INT2, asNumber],
  [builtins.INT4, asNumber],
  [builtins.INT8, asNumber],
  [builtins.FLOAT4, asNumber],
  [builtins.FLOAT8, asNumber],
  [builtins.NUMERIC, asNumber],
  [builtins.BOOL, (text) => (text === "t" ? 1 : 0)],
  [builtins.UUID, (text) => text.replaceAll("-", "")],
  [builtins.BYTEA, (text) => Buffer.from(text.slice(2), "hex")],
]);

/** As `Row` has them: every number a number (ours stay below 2^53), booleans 0 and 1, a uuid its 32 hex digits, JSON its text. */
export const rowTypes = {
  getTypeParser: (oid: number): ((text: string) => unknown) => parsers.get(oid) ?? ((text) => text),
};
