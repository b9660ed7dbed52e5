import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { backup } from "../../src/commands/backup.ts";
import { restore } from "../../src/commands/restore.ts";
import {
  commitOrder,
  rowsPerTransaction,
  type CommitOrder,
} from "../../src/engines/postgres/commit-order.ts";
import { openDatabase } from "../../src/engines/postgres/database.ts";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { numberOf, textOf } from "../../src/engines/stored/row.ts";
import { sharedPostgres, startPostgres } from "../postgres-server.ts";
import { commandHere, type Place } from "./command-here.ts";
import { runCommand, type Ran } from "./command.ts";
import { asked, exampleDatabase, spendTransactions } from "./postgres-example.ts";
import { eventually } from "./eventually.ts";
import { freshFolder, startServer } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

const eventsMax = 20_000;
const webhooks = 20;
const credential = "Bearer not-a-secret-of-the-sender";
const eventsBefore = 300;
const keys = `${"k".repeat(43)}\n`;
/** An event without a job and without an ending was written by half. */
const halves = `select id from exchange where kind = 'event'
  and not exists (select from job where job.exchange = exchange.id)
  and not exists (select from exchange as ending where ending.parent = exchange.id)`;
const both = `select exchange.id from exchange join job on job.exchange = exchange.id
  join exchange as ending on ending.parent = exchange.id`;

function succeeded({ code, output, log }: Ran): string {
  assert.equal(code, 0, log);
  return output;
}

async function count(url: string, table: string): Promise<number> {
  const [row = {}] = await asked(url, `select count(*) as n from ${table}`);
  return numberOf(row, "n");
}

/** A data folder with nothing but the key file. */
async function folderWithKeys(t: TestContext): Promise<{ readonly place: string; readonly folder: string }> {
  const place = await freshFolder(t);
  const folder = join(place, "data");
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "keys"), keys, { mode: 0o600 });
  return { place, folder };
}

test("a copy made beside a busy writer is of one moment, and goes on growing in a cluster with lower transaction ids", async (t) => {
  const [source, target] = await Promise.all([
    startPostgres({ durable: false }),
    startPostgres({ durable: false }),
  ]);
  t.after(() => Promise.all([source.dispose(), target.dispose()]));
  const example = await exampleDatabase(t, source);
  const { place, folder } = await folderWithKeys(t);
  await spendTransactions(example.url, 20_000);
  const events: string[] = [];
  let stopped = false;
  const writer = async () => {
    while (!stopped && events.length < eventsMax) {
      const event = await example.receive();
      events.push(event);
      if (events.length % 3 !== 0) await example.end(event);
    }
  };
  const writers = Promise.all([writer(), writer(), writer()]);
  while (events.length < eventsBefore) await example.database.query("select pg_sleep(0.05)");
  const before = events.length;
  const to = join(place, "backup");
  const environment = { SLUICE_DATABASE_URL: `${example.url}?password=notASecret` };
  const said = succeeded(await runCommand(t, { folder, args: ["backup", to], environment }));
  assert.ok(events.length > before, "it was written to while it was copied");
  stopped = true;
  await writers;
  assert.match(said, /verified: \d+ configuration records, \d+ exchanges, \d+ open jobs/);
  assert.match(said, /whoever has .* can open every stored secret/);
  assert.ok(!said.includes("notASecret"));

  const url = await target.newDatabase();
  const restored = join(place, "restored");
  const told = succeeded(
    await runCommand(t, {
      folder: restored,
      args: ["restore", to],
      environment: { SLUICE_DATABASE_URL: url },
    }),
  );
  assert.match(told, /Restored the PostgreSQL database \S+ at 127\.0\.0\.1:\d+ as it was on 2\d{3}-/);
  assert.deepEqual(await asked(url, halves), []);
  assert.deepEqual(await asked(url, both), []);
  assert.ok((await count(url, "exchange where kind = 'event'")) >= before);
  assert.ok((await count(url, "job")) > 0);
  assert.equal(readFileSync(join(restored, "keys"), "utf8"), keys);
  assert.equal(statSync(join(restored, "keys")).mode & 0o777, 0o600);

  const alike = "select md5(string_agg(exchange::text, '' order by id)) as sum from exchange where id in";
  const ids = (await asked(url, "select id from exchange")).map((row) => `'${textOf(row, "id")}'`).join();
  assert.deepEqual(await asked(url, `${alike} (${ids})`), await asked(example.url, `${alike} (${ids})`));

  const [ours = {}] = await asked(
    url,
    "select pg_current_xact_id()::text::bigint as xid, max(seq) as seq from exchange",
  );
  assert.ok(
    numberOf(ours, "xid") < numberOf(ours, "seq") / rowsPerTransaction,
    "its transaction ids alone give less",
  );
  const { position, horizon } = await restoredOrder(t, url);
  const [next = {}] = await asked(url, `select ${position("0")} as next, ${horizon} as horizon`);
  assert.ok(numberOf(next, "next") > numberOf(ours, "seq"), "positions go on growing");
  assert.ok(numberOf(next, "horizon") > numberOf(ours, "seq"), "and whatever was restored is settled");
});

async function restoredOrder(t: TestContext, url: string): Promise<CommitOrder> {
  const database = openDatabase({ url, name: "test", connections: 1, statementMs: 10_000 });
  t.after(() => database.close());
  return commitOrder(database);
}

test("a server on the restored database delivers what was open, with the credentials that were sealed", async (t) => {
  const postgres = await sharedPostgres();
  const [place, target] = [await freshFolder(t), await startTarget(t)];
  const [folder, restored, to] = [join(place, "data"), join(place, "restored"), join(place, "backup")];
  const [from, into] = [await postgres.newDatabase(), await postgres.newDatabase()];
  const server = await startServer(t, { folder, environment: { SLUICE_DATABASE_URL: from } });
  target.behave(() => {});
  const { ingestUrl } = await server.ask(createEndpoint, { name: "backed up", targetUrl: target.url });
  for (let n = 0; n < webhooks; n++) {
    const headers = { authorization: credential };
    const answer = await fetch(ingestUrl, { method: "POST", headers, body: JSON.stringify({ n }) });
    assert.equal(answer.status, 200);
  }
  const environment = { SLUICE_DATABASE_URL: from, SLUICE_URL: server.url };
  // A node that has just begun makes the partitions of the days to come in a moment.
  const examined = await eventually("partitions for the days to come", async () => {
    const report = await runCommand(t, { folder, args: ["doctor"], environment });
    return /^ok +partitions /m.test(report.output) ? report : undefined;
  });
  for (const name of ["nodes", "tables", "outbound rules", "deliveries", "accounting", "server"])
    assert.match(examined.output, new RegExp(`^ok +${name} `, "m"), examined.output);
  const said = succeeded(await runCommand(t, { folder, args: ["backup", to], environment }));
  assert.match(said, new RegExp(`${webhooks} open jobs`));
  await server.kill();

  const before = target.seen.length;
  target.behave(accepting);
  const there = { folder: restored, environment: { SLUICE_DATABASE_URL: into } };
  succeeded(await runCommand(t, { ...there, args: ["restore", to] }));
  const second = await startServer(t, there);
  const account = await eventually("an account without pending events", async () => {
    const look = await second.ask(accountForWebhooks, {});
    return look.pending === 0 ? look : undefined;
  });
  assert.deepEqual([account.remainder, account.received, account.delivered], [0, webhooks, webhooks]);
  const delivered = target.seen.slice(before);
  assert.ok(delivered.length >= webhooks);
  assert.ok(delivered.every(({ headers }) => headers.authorization === credential));
  await second.stop();
});

test("a backup of a PostgreSQL database", async (parent) => {
  const server = await sharedPostgres();
  const example = await exampleDatabase(parent, server);
  for (let n = 0; n < 20; n++) await example.receive();
  await example.database.query("insert into lane (name, hold_until) values ('ep_1', 7), ('ep_\\\\2', null)");
  const kept = await folderWithKeys(parent);
  const made = join(kept.place, "backup");
  const first = await commandHere(backup, [made], { folder: kept.folder, database: example.url });
  assert.equal(first.code, 0);

  /** A copy of the backup that a test may spoil, and an empty database. */
  async function copy(t: TestContext) {
    const { place } = await folderWithKeys(t);
    const from = join(place, "backup");
    cpSync(made, from, { recursive: true });
    return { place, from, folder: join(place, "restored"), database: await server.newDatabase() };
  }

  async function refused(
    command: typeof backup,
    args: readonly string[],
    where: Place,
  ): Promise<{ readonly message: string; readonly hint: string }> {
    const { failure, output } = await commandHere(command, args, where);
    assert.ok(failure, output);
    assert.equal(output, "");
    return { message: failure.message, hint: failure.detail.hint ?? "" };
  }

  async function isEmpty(url: string): Promise<void> {
    assert.deepEqual(
      await asked(url, "select relname from pg_class where relnamespace = 'public'::regnamespace"),
      [],
    );
  }

  /** Changes the rows of a table, and the manifest with them, as who means harm would. */
  function rewrite(from: string, table: string, change: (lines: string) => string): void {
    const path = join(from, `${table}.copy.zst`);
    const text = change(zstdDecompressSync(readFileSync(path)).toString());
    const bytes = zstdCompressSync(text);
    writeFileSync(path, bytes);
    const digest = { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    const manifest = JSON.parse(readFileSync(join(from, "backup.json"), "utf8")) as {
      files: { table: { name: string } | null }[];
    };
    const rows = { rows: text.split("\n").length - 1, bytes: Buffer.byteLength(text) };
    const files = manifest.files.map((file) =>
      file.table?.name === table ? { ...file, ...digest, table: { ...file.table, ...rows } } : file,
    );
    writeFileSync(join(from, "backup.json"), JSON.stringify({ ...manifest, files }));
  }

  await parent.test("is for its owner only, and leaves no draft behind", () => {
    assert.equal(statSync(made).mode & 0o777, 0o700);
    const names = readdirSync(made);
    assert.ok(names.includes("backup.json") && names.includes("keys") && names.includes("job.copy.zst"));
    assert.deepEqual(
      names.filter((name) => name.endsWith(".partial")),
      [],
    );
    assert.ok(!names.includes("node.copy.zst"), "who works on this database is nobody's business elsewhere");
    for (const name of names) assert.equal(statSync(join(made, name)).mode & 0o777, 0o600, name);
  });

  await parent.test("brings every row back, and can be backed up again", async (t) => {
    const { place, from, folder, database } = await copy(t);
    const told = await commandHere(restore, [from], { folder, database });
    assert.match(told.output, /20 exchanges, 20 open jobs/);
    const lanes = "select name, hold_until from lane order by name";
    assert.deepEqual(await asked(database, lanes), await asked(example.url, lanes));
    const again = join(place, "again");
    assert.equal((await commandHere(backup, [again, "--json"], { folder, database })).code, 0);
    assert.deepEqual(readdirSync(again), readdirSync(from));
  });

  await parent.test("--without-keys leaves the key file out, and restore says where to put it", async (t) => {
    const { place, folder, database } = await copy(t);
    const bare = join(place, "bare");
    const { failure } = await commandHere(backup, [bare], { folder, database: example.url });
    assert.match(failure?.detail.hint ?? "", /--without-keys/);
    await commandHere(backup, [bare, "--without-keys"], { folder, database: example.url });
    assert.ok(!existsSync(join(bare, "keys")));
    const { output } = await commandHere(restore, [bare], { folder, database });
    assert.ok(output.includes(`put the key file in ${join(folder, "keys")}`), output);
  });

  for (const name of readdirSync(made).filter((file) => file !== "backup.json"))
    await parent.test(`with one byte of ${name} changed is refused, and nothing is restored`, async (t) => {
      const { from, folder, database } = await copy(t);
      const bytes = readFileSync(join(from, name));
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(join(from, name), bytes);
      const { message } = await refused(restore, [from], { folder, database });
      assert.ok(message.startsWith(`The backup is damaged: ${name} `), message);
      await isEmpty(database);
      assert.ok(!existsSync(folder));
    });

  await parent.test(
    "that cannot be loaded though its checksums fit leaves nothing half restored",
    async (t) => {
      const { from, folder, database } = await copy(t);
      rewrite(from, "lane", (lines) => lines + lines);
      const { message } = await refused(restore, [from], { folder, database });
      assert.match(message, /lane\.copy\.zst cannot be loaded \(SQLSTATE 23505\)/);
      await isEmpty(database);
      assert.ok(!existsSync(folder));
    },
  );

  await parent.test("with a table, a column or a file that does not belong is refused", async (t) => {
    for (const [is, becomes, says] of [
      ['"name": "keys"', '"name": "../elsewhere"', /unexpected file/],
      ['"name": "lane"', '"name": "pg_authid"', /unexpected file/],
      ['"hold_until"', '"hold_until\\"); drop table job"', /does not have the columns/],
      ['"traffic": 2', '"traffic": 99', /traffic tables at version 99/],
      ['"format": 1', '"format": 2', /damaged, or a newer version/],
    ] as const) {
      const { from, folder, database } = await copy(t);
      const path = join(from, "backup.json");
      const manifest = readFileSync(path, "utf8");
      assert.ok(manifest.includes(is), is);
      writeFileSync(path, manifest.replace(is, becomes));
      assert.match((await refused(restore, [from], { folder, database })).message, says);
      await isEmpty(database);
    }
  });

  await parent.test("is never restored over anything, be it a table or another key file", async (t) => {
    const { from, folder, database } = await copy(t);
    const full = await refused(restore, [from], { folder, database: example.url });
    assert.match(full.message, /not empty: there are .*exchange/);
    await asked(database, "create view mine as select 1");
    assert.match(
      (await refused(restore, [from], { folder, database })).message,
      /not empty: there are mine\./,
    );
    await asked(database, "drop view mine");
    mkdirSync(folder);
    writeFileSync(join(folder, "keys"), "another");
    assert.match((await refused(restore, [from], { folder, database })).message, /another file/);
    await isEmpty(database);
    writeFileSync(join(folder, "keys"), keys);
    assert.equal((await commandHere(restore, [from], { folder, database })).code, 0, "the same one is fine");
  });

  await parent.test("needs tables to copy and a new folder, and leaves nothing behind without", async (t) => {
    const { place, from, database } = await copy(t);
    const { folder } = kept;
    const to = join(place, "new");
    assert.match((await refused(backup, [to], { folder, database })).message, /no tables of Sluice/);
    assert.match((await refused(backup, [from], { folder, database: example.url })).message, /is not empty/);
    const wrong = example.url
      .replace("postgres://sluice@", "postgres://sluice:notASecret@")
      .replace(/:\d+\//, ":9/");
    const gone = await refused(backup, [to], { folder, database: wrong });
    assert.match(gone.message, /PostgreSQL cannot be used/);
    assert.ok(!JSON.stringify(gone).includes("notASecret"));
    assert.ok(!existsSync(to));
  });

  await parent.test("of tables that a newer version has changed is left to that version", async (t) => {
    const { place, from, folder, database } = await copy(t);
    await commandHere(restore, [from], { folder, database });
    await asked(database, "update sluice_schema set version = 99 where part = 'traffic'");
    const to = join(place, "new");
    assert.match((await refused(backup, [to], { folder, database })).message, /newer version/);
    assert.ok(!existsSync(to));
  });

  await parent.test("does not move between PostgreSQL and the embedded database", async (t) => {
    const { place, from, folder, database } = await copy(t);
    const back = await refused(restore, [from], { folder, database: null });
    assert.match(back.message, /made from PostgreSQL, and cannot be restored into the embedded database/);
    assert.match(back.hint, /Set SLUICE_DATABASE_URL/);
    const embedded = join(place, "embedded");
    mkdirSync(embedded);
    writeFileSync(
      join(embedded, "backup.json"),
      JSON.stringify({ format: 1, sluice: "0.1.0", at: new Date(0).toISOString(), files: [] }),
    );
    const there = await refused(restore, [embedded], { folder, database });
    assert.match(there.message, /made from the embedded database, and cannot be restored into PostgreSQL/);
    assert.match(there.hint, /without SLUICE_DATABASE_URL/);
    await isEmpty(database);
  });
});
