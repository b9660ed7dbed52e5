import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import { Failure } from "../../kernel/failure.ts";
import { queryOf, rowTypes, type Query } from "./database.ts";
import { socketsToPostgres } from "./sockets.ts";
import { codeOf, failureOf } from "./trouble.ts";

/** One connection of its own, outside of any pool, for what an operator does by hand. */
export type Session = Query & {
  /** The rows of a query in the text format of COPY: one a line, UTF-8. It is to be read to its end, or destroyed. */
  copyOut(query: string): Readable;
  /** Loads such lines into a table with these columns (SQL); answers how many rows came in. */
  copyIn(target: string, lines: readonly [Readable, ...Transform[]]): Promise<number>;
  /** Ends a transaction that is under way by rolling it back. */
  close(): Promise<void>;
};

export type SessionTerms = {
  readonly url: string;
  /** Seen in pg_stat_activity. */
  readonly name: string;
  /** A statement that takes longer is cancelled; 0 = none is. */
  readonly statementMs: number;
};

const connectMs = 4_000;
const lockMs = 10_000;
const keepAliveMs = 10_000;
const insufficientPrivilege = "42501";
const format = "(format text, encoding 'UTF8')";

/** @throws Failure invalid when the URL cannot be read, unavailable when PostgreSQL cannot be reached */
export async function openSession({ url, name, statementMs }: SessionTerms): Promise<Session> {
  const sockets = socketsToPostgres();
  const client = clientOf({
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: connectMs,
    statement_timeout: statementMs,
    lock_timeout: lockMs,
    // A copy is one transaction, however long it takes and whatever the server's default is.
    idle_in_transaction_session_timeout: 0,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: rowTypes,
    stream: () => sockets.open(),
  });
  // A connection that breaks between two statements is found out by the next one.
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    throw refusal(error);
  }
  const { query } = queryOf(client, () => {});
  return {
    async query(sql, params) {
      try {
        return await query(sql, params);
      } catch (error) {
        throw sessionFailure(error);
      }
    },
    copyOut: (rows) => client.query(copyTo(`copy (${rows}) to stdout with ${format}`)),
    async copyIn(target, lines) {
      const copy = copyFrom(`copy ${target} from stdin with ${format}`);
      try {
        await pipeline([...lines, client.query(copy)]);
      } catch (error) {
        throw sessionFailure(error);
      }
      return copy.rowCount;
    },
    async close() {
      await Promise.all([client.end(), sockets.closed()]);
    },
  };
}

/** Where a database is, as people may be told: without user name, password and parameters. */
export function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `the PostgreSQL database ${decodeURIComponent(pathname.slice(1))} at ${host === "" ? "this machine" : host}`;
}

/** The failure that an operator can be told for an error of a session, when PostgreSQL or the role's rights are to blame. */
export function sessionFailure(error: unknown): unknown {
  if (error instanceof Failure) return error;
  if (codeOf(error) !== insufficientPrivilege || !(error instanceof Error)) return failureOf(error);
  return new Failure("forbidden", `PostgreSQL says: ${error.message}.`, {
    hint: "Grant it to the role that SLUICE_DATABASE_URL names, or name the role that owns the tables.",
  });
}

/** The driver reads the URL, and files that it names, at once. */
function clientOf(terms: pg.ClientConfig): pg.Client {
  try {
    return new pg.Client(terms);
  } catch (error) {
    const failure = failureOf(error);
    if (failure instanceof Failure) throw failure;
    // What it says may have the password in it.
    throw new Failure("invalid", "SLUICE_DATABASE_URL cannot be read.", {
      hint: "Write characters of user name and password that have a meaning in URLs as %40, %2F and so on.",
    });
  }
}

/** Why PostgreSQL does not let us in. All that it says at this point is for an operator to mend. */
function refusal(error: unknown): unknown {
  const failure = failureOf(error);
  if (failure instanceof Failure || !(error instanceof pg.DatabaseError)) return failure;
  return new Failure("invalid", `PostgreSQL refuses the connection: ${error.message}.`, {
    hint: "Check user name, password and database in SLUICE_DATABASE_URL, and pg_hba.conf of the server.",
  });
}
