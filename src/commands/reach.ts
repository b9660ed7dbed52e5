import { tableNames } from "../engines/postgres/catalogue.ts";
import { openSession, type Session } from "../engines/postgres/session.ts";
import { Failure } from "../kernel/failure.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Query } from "../engines/postgres/database.ts";

const statementMs = 10_000;

/** A PostgreSQL database that answers. It is asked read-only, and each question takes 10 s at most. */
export type Reached = Query & {
  /** Names of the tables in the schema. */
  readonly tables: ReadonlySet<string>;
};

/** What is examined, and how to let go of it. Undefined when everything is in files. */
export type Reach = {
  readonly database: () => Promise<Reached | Failure | undefined>;
  close(): Promise<void>;
};

/** Connects when it is first asked for, once. */
export function reachOf(url: Secret | null): Reach {
  let session: Session | undefined;
  let reached: Promise<Reached | Failure | undefined> | undefined;
  const connect = async (): Promise<Reached | Failure | undefined> => {
    if (url === null) return undefined;
    try {
      session = await openSession({ url: url.reveal(), name: "sluice doctor", statementMs });
      await session.query("set default_transaction_read_only = on");
      return { query: session.query, tables: new Set(await tableNames(session)) };
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  };
  return {
    database: () => (reached ??= connect()),
    async close() {
      await session?.close();
    },
  };
}
