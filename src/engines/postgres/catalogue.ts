import { Failure } from "../../kernel/failure.ts";
import { numberOf, numberOrNull, textOf } from "../stored/row.ts";
import type { Query } from "./database.ts";

/** What PostgreSQL's own catalogue says of the schema that our tables are in: the first of the search path. */

/** The oldest release that has what the tables and queries use. */
const versionMin = 140_000;

export type ServerVersion = {
  /** Such as `16.4`. */
  readonly text: string;
  readonly isSupported: boolean;
};

export async function serverVersion(within: Query): Promise<ServerVersion> {
  const [row = {}] = await within.query(
    "select current_setting('server_version') as text, current_setting('server_version_num')::int as number",
  );
  const [text = ""] = textOf(row, "text").split(" ");
  return { text, isSupported: numberOf(row, "number") >= versionMin };
}

export const bringForward = "Bring PostgreSQL to release 14 or later.";

/** @throws Failure conflict when PostgreSQL is older than the oldest release that has what is needed */
export async function refuseOld(within: Query): Promise<void> {
  const { text, isSupported } = await serverVersion(within);
  if (!isSupported)
    throw new Failure("conflict", `PostgreSQL ${text} is older than what Sluice needs.`, {
      hint: bringForward,
    });
}

/** What belongs to an extension, which was put there on purpose, counts as nothing; so do partitions, beside their table. */
const relations = `from pg_class where relnamespace = to_regnamespace(quote_ident(current_schema()))
  and not relispartition
  and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')`;

/** Names of tables, partitioned ones included and partitions not, at most 1,000. */
export async function tableNames(within: Query): Promise<readonly string[]> {
  return namesOf(within, "relkind in ('r', 'p')");
}

/** Names of tables, views and sequences, at most 1,000. */
export async function relationNames(within: Query): Promise<readonly string[]> {
  return namesOf(within, "relkind in ('r', 'p', 'v', 'm', 'f', 'S')");
}

async function namesOf(within: Query, which: string): Promise<readonly string[]> {
  const rows = await within.query(
    `select relname as name ${relations} and ${which} order by relname limit 1000`,
  );
  return rows.map((row) => textOf(row, "name"));
}

/** The columns of a table that are stored as they are given, in order. */
export async function columnNames(within: Query, table: string): Promise<readonly string[]> {
  const rows = await within.query(
    `select attname as name from pg_attribute
    where attrelid = to_regclass($1) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  return rows.map((row) => textOf(row, "name"));
}

/** What each sequence gave out last; null = nothing so far. It is never less than what a snapshot of the tables has. */
export async function sequenceValues(within: Query): Promise<Readonly<Record<string, number | null>>> {
  const rows = await within.query(
    "select sequencename as name, last_value as value from pg_sequences where schemaname = current_schema()",
  );
  return Object.fromEntries(rows.map((row) => [textOf(row, "name"), numberOrNull(row, "value")]));
}
