import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { eventually } from "../../../test/journeys/eventually.ts";
import { sharedPostgres } from "../../../test/postgres-server.ts";
import { dataParts, localParts } from "../parts.ts";
import { numberOf, textOf, type Row } from "../stored/row.ts";
import { backUpDatabase } from "./backup.ts";
import { openDatabase, type Database } from "./database.ts";
import { restoreDatabase } from "./restore.ts";
import { takeMoment } from "./moment.ts";
import { migrate, type Part } from "./schema.ts";
import { openSession } from "./session.ts";
import { tablesOf } from "./tables.ts";

const shop = (migrations: number): Part => ({
  name: "shop",
  migrations: [
    {
      sql: `create table purchase (id bigint generated always as identity primary key, note text, twice bigint generated always as (id * 2) stored);
create table line (of bigint not null references purchase (id), amount double precision, at timestamptz, bits bytea);
create unlogged table hit (at bigint);
insert into purchase (note) values ('seeded by the migration')`,
      needs: 1,
    },
    { sql: "alter table line rename column amount to price;\ncreate table later (n integer)", needs: 2 },
  ].slice(0, migrations),
});
const everyTable =
  "select relname as name from pg_class where relkind in ('r', 'p') and not relispartition and relpersistence = 'p' and relnamespace = 'public'::regnamespace";

async function databases(t: TestContext) {
  const server = await sharedPostgres();
  const folder = mkdtempSync(join(tmpdir(), "sluice-backup-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const opened = async () => {
    const url = await server.newDatabase();
    const database = openDatabase({ url, name: "test", connections: 2, statementMs: 30_000 });
    t.after(() => database.close());
    return { url, database };
  };
  return { source: await opened(), target: await opened(), to: join(folder, "backup") };
}

async function names(database: Database, sql: string): Promise<readonly string[]> {
  return (await database.query(sql)).map((row: Row) => textOf(row, "name")).toSorted();
}

test("the tables that are copied are all that the parts of the product make", async (t) => {
  const { source } = await databases(t);
  await migrate(source.database, [...localParts, ...dataParts, shop(2)]);
  const known = tablesOf([...localParts, ...dataParts, shop(2)]);
  assert.deepEqual([...known, "sluice_schema"].toSorted(), await names(source.database, everyTable));
});

test("a table that was dropped, and one that was never logged, is not copied", () => {
  const sql =
    "create table a (n int);\ncreate unlogged table b (n int);\ndrop table a;\nCREATE TABLE IF NOT EXISTS c (n int);";
  assert.deepEqual(tablesOf([{ name: "x", migrations: [{ sql, needs: 1 }] }]), ["c"]);
});

test("what an older version left is restored as it was, then brought forward, with sequences where they stood", async (t) => {
  const { source, target, to } = await databases(t);
  await migrate(source.database, [shop(1)]);
  const awkward = "a\tb\nc\\\\N\\. 'quoted' \u{1F600} \r end";
  await source.database.query("insert into purchase (note) values ($1), (null), ('')", [awkward]);
  await source.database.query(
    "insert into line values (2, 0.1, '2026-03-29 01:30:00.123456+00', '\\x000a0d5c09ff'), (3, 'nan', null, null), (2, 1e-300, 'infinity', '')",
  );
  await source.database.query("delete from purchase where id = 4");
  await source.database.query("insert into hit values (1)");
  const plan = {
    parts: [shop(2)],
    others: [],
    positions: [],
    releases: ["insert into later values (7)"],
  };
  const manifest = await backUpDatabase({ ...plan, url: source.url, to, files: [] }, "1.2.3", () => {});
  assert.deepEqual(manifest.parts, { shop: 1 });
  const seen: string[] = [];
  await restoreDatabase({ ...plan, url: target.url, from: to, files: {} }, (doing, name) =>
    seen.push(`${doing} ${name}`),
  );
  assert.deepEqual(seen.slice(-2), ["loading purchase", "loading line"], "what is referred to comes first");
  const purchases = "select id, note, twice from purchase order by id";
  assert.deepEqual(await target.database.query(purchases), await source.database.query(purchases));
  const lines = (amount: string) =>
    `select of, ${amount} as amount, at::text, bits from line order by amount`;
  assert.deepEqual(await target.database.query(lines("price")), await source.database.query(lines("amount")));
  const [next = {}] = await target.database.query("insert into purchase (note) values ('next') returning id");
  assert.equal(numberOf(next, "id"), 5, "an id that was given out is never given again");
  const later = await target.database.query("select n from later");
  assert.deepEqual(
    later.map((row) => numberOf(row, "n")),
    [7],
    "it was brought forward, and released after that",
  );
  const [standing = {}] = await target.database.query("select version, needs from sluice_schema");
  assert.deepEqual({ ...standing }, { version: 2, needs: 2 });
});

test("beside a copy nodes start and write, tables stay, and a migration waits without being in the way", async (t) => {
  const { source } = await databases(t);
  const { database } = source;
  await migrate(database, [shop(1)]);
  const session = await openSession({ url: source.url, name: "sluice backup", statementMs: 0 });
  await takeMoment(session, [shop(1)], []);
  let migrated = false;
  const migration = migrate(database, [shop(2)]).then(() => (migrated = true));
  await eventually("a migration that waits", async () =>
    (await database.query("select 1 from pg_locks where locktype = 'advisory' and not granted")).length > 0
      ? true
      : undefined,
  );
  await migrate(database, [shop(1)]);
  await database.query("insert into line (of) values (1)");
  await assert.rejects(
    database.transaction(async (within) => {
      await within.query("set local lock_timeout = 50");
      await within.query("drop table line");
    }),
    /lock timeout/,
  );
  assert.deepEqual(
    await session.query("select of, amount from line"),
    [],
    "it is of the moment it was taken at",
  );
  assert.ok(!migrated);
  await session.close();
  await migration;
  assert.equal((await database.query("select price from line")).length, 1);
});
