import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createZstdDecompress } from "node:zlib";
import pg from "pg";
import { Failure } from "../../kernel/failure.ts";
import { damagedBackup } from "../stored/backup-manifest.ts";
import { numberOf } from "../stored/row.ts";
import { tableFile, type CopiedTable, type DatabaseManifest } from "./backup-manifest.ts";
import { columnNames, relationNames, refuseOld } from "./catalogue.ts";
import { settleEpoch } from "./commit-order.ts";
import { attachDays } from "./partitions.ts";
import { advanceAll, lockSchema, type Part } from "./schema.ts";
import type { Session } from "./session.ts";
import { partsAt, tablesOf } from "./tables.ts";
import { codeOf } from "./trouble.ts";

/** What is loaded, from where, and what the database is brought forward to. */
export type Load = {
  /** The folder of the backup, whose files were verified. */
  readonly from: string;
  /** The parts whose tables a backup has, each with every migration that this program knows. */
  readonly parts: readonly Part[];
  /** Parts that a backup leaves out, and a database has. */
  readonly others: readonly Part[];
  /** SQL of queries that answer the greatest position of commit order that some table has. */
  readonly positions: readonly string[];
  /** Statements on the tables as they are brought forward: what is not to be as it was. */
  readonly releases: readonly string[];
};

/**
 * Makes the schema as it was when the backup was taken, fills it, counts every row and brings it forward, in a
 * transaction of the caller. `loading` is told the name of the next table.
 *
 * @throws Failure conflict when there is something in the database; invalid when a file cannot be loaded
 */
export async function loadRows(
  session: Session,
  manifest: DatabaseManifest,
  { from, parts, others, positions, releases }: Load,
  loading: (table: string) => void,
): Promise<void> {
  await lockSchema(session);
  await refuseFilled(session);
  const then = partsAt(parts, manifest.parts);
  await advanceAll(session, then);
  await attachDays(session, manifest.days);
  const order = tablesOf(then);
  const tables = manifest.files
    .flatMap(({ table }) => table ?? [])
    .toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  for (const table of tables) {
    loading(table.name);
    await fill(session, table, join(from, tableFile(table.name)));
  }
  for (const [name, value] of Object.entries(manifest.sequences))
    if (value !== null) await session.query("select setval(to_regclass(quote_ident($1)), $2)", [name, value]);
  for (const { name, rows } of tables) await refuseOtherCount(session, name, rows);
  if (order.includes("epoch"))
    await settleEpoch(
      session,
      `(select max(position) from (${positions.join(" union all ")}) as at (position))`,
    );
  await advanceAll(session, [...others, ...parts]);
  for (const release of releases) await session.query(release);
  // The planner would know nothing of the tables until vacuum comes by.
  await session.query(`analyze ${order.join(", ")}`);
}

/** What a migration put into the table is in the backup, if it was still there. */
async function fill(session: Session, { name, columns, rows }: CopiedTable, path: string): Promise<void> {
  const there = await columnNames(session, name);
  if (there.toSorted().join() !== columns.toSorted().join())
    throw damagedBackup(tableFile(name), "does not have the columns of its version");
  await session.query(`delete from ${name}`);
  const target = `${name} (${columns.map((column) => pg.escapeIdentifier(column)).join(", ")})`;
  const lines = [createReadStream(path), createZstdDecompress()] as const;
  try {
    const loaded = await session.copyIn(target, lines);
    if (loaded !== rows) throw damagedBackup(tableFile(name), `has ${loaded} rows instead of ${rows}`);
  } catch (error) {
    // The message would quote what was captured.
    const code = codeOf(error);
    throw /^2[23]/.test(code) ? damagedBackup(tableFile(name), `cannot be loaded (SQLSTATE ${code})`) : error;
  }
}

async function refuseOtherCount(session: Session, table: string, rows: number): Promise<void> {
  const [row = {}] = await session.query(`select count(*) as rows from ${table}`);
  if (numberOf(row, "rows") !== rows)
    throw new Failure("unavailable", `${table} has ${numberOf(row, "rows")} rows after loading ${rows}.`, {
      hint: "Nothing was restored. Check the PostgreSQL server for triggers, and its disk.",
    });
}

async function refuseFilled(session: Session): Promise<void> {
  await refuseOld(session);
  const there = await relationNames(session);
  if (there.length === 0) return;
  const named =
    there.length > 10 ? `${there.slice(0, 10).join(", ")} and ${there.length - 10} more` : there.join(", ");
  throw new Failure("conflict", `The database is not empty: there are ${named}.`, {
    hint: "Name an empty one with SLUICE_DATABASE_URL. Nothing is ever restored over data.",
  });
}
