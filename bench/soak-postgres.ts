import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { startPostgres } from "../test/postgres-server.ts";

/** PostgreSQL at one moment, and the database that is soaked. */
export type DatabaseSample = {
  readonly walBytes: number;
  /** Memory that its processes have each to themselves; what they share is of a fixed size. Linux alone tells: else 0. */
  readonly ownBytes: number;
  readonly databaseBytes: number;
  /** Of the tables that hold what is at work: what is done leaves them. */
  readonly workBytes: number;
  /** Of the tables that grow with hours and names, and not with events. */
  readonly sumsBytes: number;
  readonly usedBytes: number;
  /** Rows that were deleted or replaced and still take up room. */
  readonly deadJobs: number;
  readonly deadLanes: number;
  readonly deadSums: number;
  readonly deadUsed: number;
  readonly deadExchanges: number;
  /** Rows that are there, so far as PostgreSQL has counted them. */
  readonly keys: number;
  readonly exchanges: number;
};

export type SoakDatabase = {
  /** What a server is started with to use it. */
  readonly environment: Readonly<Record<string, string>>;
  sample(): Promise<DatabaseSample>;
  end(): Promise<void>;
};

/** No secret: what the server seals with. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";
/**
 * The default sizes let the log grow for as long as a short soak lasts, and vacuum come once a minute: with these a few
 * minutes see both at work.
 */
const settings = { max_wal_size: "128MB", min_wal_size: "64MB", autovacuum_naptime: "10s" };

const tablesOf = {
  workBytes: [
    "job",
    "lane",
    "summary",
    "outbox",
    "feed",
    "lease",
    "node",
    "numbering",
    "tally",
    "reservation",
  ],
  sumsBytes: ["rollup", "ending_rollup", "interval_summary", "unrolled", "budget"],
  usedBytes: ["used"],
} as const;
const sizes = Object.entries(tablesOf)
  .map(([name, tables]) => `${totalOf(tables)} as "${name}"`)
  .join(",\n  ");

const query = `with seen as (
  select n_dead_tup as dead, n_live_tup as live,
    regexp_replace(relname, '_\\d{8}$', '') as name
  from pg_stat_user_tables)
select
  (select sum(size) from pg_ls_waldir())::float8 as "walBytes",
  pg_database_size(current_database())::float8 as "databaseBytes",
  ${sizes},
  ${deadOf(["job"])} as "deadJobs",
  ${deadOf(["lane", "tally", "feed"])} as "deadLanes",
  ${deadOf(["rollup", "ending_rollup", "interval_summary", "summary"])} as "deadSums",
  ${deadOf(["used"])} as "deadUsed",
  ${deadOf(["exchange", "block"])} as "deadExchanges",
  coalesce(sum(live) filter (where name = 'used'), 0)::float8 as keys,
  coalesce(sum(live) filter (where name = 'exchange'), 0)::float8 as exchanges
from seen`;

/** A PostgreSQL of the soak's own, with fsync, on the same machine. */
export async function soakPostgres(): Promise<SoakDatabase> {
  const server = await startPostgres({ durable: true, settings });
  const url = await server.newDatabase();
  const client = new pg.Client({ connectionString: url, application_name: "soak" });
  await client.connect();
  return {
    environment: { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys },
    async sample() {
      const { rows } = await client.query<Omit<DatabaseSample, "ownBytes">>(query);
      const [row] = rows;
      if (row === undefined) throw new Error("PostgreSQL told nothing of itself");
      return { ...row, ownBytes: ownBytes(server.pid) };
    },
    async end() {
      await client.end();
      await server.dispose();
    },
  };
}

/** Indexes and long values included. A table that is not there yet has no size. */
function totalOf(tables: readonly string[]): string {
  const list = tables.map((name) => `'${name}'`).join(", ");
  return `(select coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::float8 from unnest(array[${list}]) as name)`;
}

function deadOf(tables: readonly string[]): string {
  return `coalesce(sum(dead) filter (where name in (${tables.map((name) => `'${name}'`).join(", ")})), 0)::float8`;
}

/** Of the server's first process and those it has started. */
function ownBytes(first: number): number {
  try {
    return readdirSync("/proc")
      .filter((id) => /^\d+$/.test(id))
      .reduce((sum, id) => sum + ownBytesOf(id, first), 0);
  } catch {
    return 0;
  }
}

function ownBytesOf(id: string, first: number): number {
  try {
    const status = readFileSync(`/proc/${id}/status`, "utf8");
    // One that has just ended has no memory any more.
    const figure = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    return Number(id) === first || figure("PPid") === first ? figure("RssAnon") * 1024 : 0;
  } catch {
    // It ended meanwhile.
    return 0;
  }
}
