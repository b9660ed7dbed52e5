import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import pg from "pg";
import { backup } from "../../src/commands/backup.ts";
import { doctor } from "../../src/commands/doctor.ts";
import { dataParts, localParts } from "../../src/engines/parts.ts";
import { uuidOf } from "../../src/engines/postgres/exchange-row.ts";
import { isBackendHere } from "../../src/engines/postgres/cluster-disk.ts";
import { joinNodes } from "../../src/engines/postgres/membership.ts";
import { connectionsPerNode, openNode } from "../../src/engines/postgres/node.ts";
import { partitions } from "../../src/engines/postgres/partitions.ts";
import { kinds } from "../../src/kernel/failure.ts";
import { newExchangeId } from "../../src/kernel/id.ts";
import { selfHosted } from "../../src/registry/workspace.ts";
import { startPostgres } from "../postgres-server.ts";
import { commandHere, exampleVersion, type Place } from "./command-here.ts";
import { runCommand } from "./command.ts";
import { eventually } from "./eventually.ts";
import { exampleDatabase, spendTransactions, type ExampleDatabase } from "./postgres-example.ts";
import { freshFolder, launch } from "./server-process.ts";
import { smallDisk } from "./small-disk.ts";

type Told = {
  readonly name: string;
  readonly state: string;
  readonly saw: string;
  readonly todo: string | null;
};

const dayMs = 86_400_000;
const password = "notASecret";
/** A cluster takes some 80 of it. */
const clusterMegabytes = 700;
const checksOfPostgres = [
  "database",
  "writes",
  "rights",
  "durability",
  "tables",
  "nodes",
  "connections",
  "size",
  "room",
  "wal",
  "transactions",
  "prepared",
  "vacuum",
  "wraparound",
  "partitions",
];

/** How full disks are, is the machine's business. */
const disks = ["disk", "room"];

async function examined(place: Place): Promise<readonly Told[]> {
  const { output, code } = await commandHere(doctor, ["--json"], place);
  const { ok, checks } = JSON.parse(output) as { ok: boolean; checks: readonly Told[] };
  assert.equal(code, ok ? 0 : 1);
  assert.ok(!output.includes(password), "the password is not printed");
  for (const { name, state, saw, todo } of checks) {
    assert.notEqual(saw, "");
    assert.equal(todo === null, state === "ok", `${name}: what is not ok comes with what to do`);
  }
  return checks;
}

/** What a check finds that is not ok. */
async function trouble(place: Place, name: string): Promise<readonly Told[]> {
  const all = await examined(place);
  assert.ok(
    all.some((told) => told.name === name),
    `${name} is among them`,
  );
  return all.filter((told) => told.name === name && told.state !== "ok");
}

/** The one finding of a check that is not ok. */
async function theTrouble(place: Place, name: string): Promise<Told> {
  const [one, ...more] = await trouble(place, name);
  assert.ok(one, `${name} found nothing`);
  assert.deepEqual(more, []);
  return one;
}

/** A connection that the test holds, and lets go of. */
async function held(t: TestContext, url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: name });
  client.on("error", () => {});
  await client.connect();
  t.after(() => client.end().catch(() => {}));
  return client;
}

function withUser(url: string, user: string): string {
  return url.replace("//sluice@", `//${user}:${password}@`);
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = join(await freshFolder(t), "data");
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, "keys"), `${"k".repeat(43)}\n`, { mode: 0o600 });
  return folder;
}

/** A node of ours, as a server keeps it. */
async function nodeOn({ url, database }: ExampleDatabase, version: string) {
  const node = openNode({ url, log: () => {} });
  const membership = joinNodes(node, { version, host: "example" }, [...localParts, ...dataParts]);
  await eventually("the node on the list", async () =>
    (await database.query("select 1 from node where id = $1", [node.id])).length > 0 ? true : undefined,
  );
  return {
    id: node.id,
    async leave() {
      await membership.leave();
      await node.close();
    },
  };
}

/** The plan of the only workspace keeps so many days. */
async function keeping(database: ExampleDatabase["database"], days: number): Promise<void> {
  await database.query(
    `insert into record (workspace, kind, id, version, created_at, updated_at, value, secrets, fingerprints, seq)
    values ('ws_1', 'workspace', 'ws_1', 1, 0, 0, $1, '{}', '{}', 1)
    on conflict (kind, id) do update set value = excluded.value`,
    [JSON.stringify({ name: "example", plan: { ...selfHosted, retentionDays: days } })],
  );
}

test("doctor, of a PostgreSQL server that is well set up", async (parent) => {
  const server = await startPostgres({ durable: true });
  parent.after(() => server.dispose());
  const example = await exampleDatabase(parent, server);
  const { database, url } = example;
  const folder = await folderOf(parent);
  const place: Place = { folder, database: withUser(url, "sluice") };

  await parent.test("says that partitions are missing until a node has made them", async () => {
    const { saw, state } = await theTrouble(place, "partitions");
    assert.equal(state, "warning");
    assert.match(saw, /^There is no partition for \d{4}-\d\d-\d\d and \d{4}-\d\d-\d\d\.$/);
    await partitions(database).ensure([0, 1].map((day) => newExchangeId(Date.now() + day * dayMs)));
    assert.deepEqual(await trouble(place, "partitions"), []);
  });

  const node = await nodeOn(example, exampleVersion);
  parent.after(() => node.leave());

  await parent.test(
    "says ok to everything but that no server answers, whatever files lie in the folder",
    async () => {
      writeFileSync(join(folder, "traffic.db"), "no database at all");
      const all = await examined(place);
      assert.deepEqual(
        all.map(({ name }) => name),
        [
          "data folder",
          "permissions",
          "disk",
          ...checksOfPostgres,
          "versions",
          "clock",
          "server",
          "deliveries",
        ],
      );
      assert.deepEqual(
        all.filter(({ name, state }) => state !== "ok" && !disks.includes(name)).map(({ name }) => name),
        ["server"],
      );
      rmSync(join(folder, "traffic.db"));
      assert.match(
        all.find(({ name }) => name === "nodes")?.saw ?? "",
        new RegExp(`^1 node works.*${exampleVersion}`),
      );
    },
  );

  await parent.test("tells people the same in lines, from a process of its own", async (t) => {
    const environment = { SLUICE_DATABASE_URL: place.database ?? "", SLUICE_URL: "http://127.0.0.1:9" };
    const { output, log } = await runCommand(t, { folder, args: ["doctor"], environment });
    for (const name of checksOfPostgres)
      assert.match(output, new RegExp(`^${disks.includes(name) ? "\\w+" : "ok"} +${name} `, "m"), output);
    assert.equal(log, "");
  });

  await parent.test("names a silent node, and an upgrade under way", async () => {
    await database.query(
      "insert into node (id, version, host, seen_at) values ('gone', '1.0.0', 'far', now() - interval '1 minute')",
    );
    assert.match((await theTrouble(place, "nodes")).saw, /^Node gone on far was last seen 6\d s ago\.$/);
    await database.query("delete from node where id = 'gone'");
    const other = await nodeOn(example, "9.8.6");
    assert.match((await theTrouble(place, "nodes")).saw, /^2 nodes of several versions.*9\.8\.7, 9\.8\.6/);
    await other.leave();
    assert.deepEqual(await trouble(place, "nodes"), []);
  });

  await parent.test("tells tables that are too new from such as it survives, and older ones", async () => {
    const set = (version: number, needs: number) =>
      database.query("update sluice_schema set version = $1, needs = $2 where part = 'traffic'", [
        version,
        needs,
      ]);
    await set(99, 1);
    assert.equal((await theTrouble(place, "tables")).state, "warning");
    await set(99, 99);
    const { state, saw } = await theTrouble(place, "tables");
    assert.equal(state, "problem");
    assert.match(saw, /traffic tables are at version 99/);
    await set(0, 0);
    const older = (await examined(place)).find(({ name }) => name === "tables");
    assert.match(older?.saw ?? "", /traffic will be brought forward/);
    await set(1, 1);
  });

  await parent.test("sees a job that is long overdue, unless someone is at it", async () => {
    const event = await example.receive();
    assert.deepEqual(await trouble(place, "deliveries"), []);
    await database.query("update job set due_at = due_at - 3600000");
    assert.match((await theTrouble(place, "deliveries")).saw, /deliver of ep_1\) is (59|60) minutes overdue/);
    await database.query("update job set claim = 'x', claimed_until = $1", [Date.now() + 60_000]);
    assert.deepEqual(await trouble(place, "deliveries"), []);
    await example.end(event);
  });

  await parent.test("sees clocks that are apart", async () => {
    const off = (ms: number): Place => ({ ...place, clock: { now: () => Date.now() + ms } });
    assert.deepEqual(await trouble(place, "clock"), []);
    assert.equal((await theTrouble(off(60_000), "clock")).state, "warning");
    const { state, saw } = await theTrouble(off(-3_600_000), "clock");
    assert.equal(state, "problem");
    assert.match(saw, /This clock and the database's are 3[56]\d\d s apart/);
  });

  await parent.test("sees a database that was made read-only", async () => {
    await database.query(
      "alter database " + url.slice(url.lastIndexOf("/") + 1) + " set default_transaction_read_only = on",
    );
    assert.match((await theTrouble(place, "writes")).saw, /read-only/);
    await database.query(
      "alter database " + url.slice(url.lastIndexOf("/") + 1) + " reset default_transaction_read_only",
    );
  });

  await parent.test("says what to grant to a role that lacks it", async (t) => {
    // Before release 15 everybody might make tables there.
    await database.query(
      `revoke create on schema public from public; create role guest login password '${password}'`,
    );
    const guest: Place = { folder, database: withUser(url, "guest") };
    const [missing] = await trouble(guest, "rights");
    assert.match(missing?.todo ?? "", /grant usage, create on schema public to guest;/);
    assert.match((await theTrouble(guest, "wal")).todo ?? "", /grant pg_monitor to guest;/);
    assert.match((await theTrouble(guest, "room")).todo ?? "", /grant pg_monitor to guest;/);
    assert.match((await theTrouble(guest, "transactions")).todo ?? "", /grant pg_read_all_stats to guest;/);
    const unseen = await theTrouble(guest, "nodes");
    assert.equal(unseen.state, "warning");
    assert.match(unseen.saw, /^Not checked: .*permission denied for table node/);
    await database.query("grant create on schema public to guest");
    assert.match((await theTrouble(guest, "rights")).saw, /belong to another role: .*block, .*exchange/);
    await database.query("alter role guest set search_path = nowhere");
    assert.match((await theTrouble(guest, "rights")).saw, /leads to no schema/);
    const { failure } = await commandHere(backup, [join(await freshFolder(t), "to")], guest);
    assert.match(failure?.message ?? "", /no tables of Sluice/);
    await database.query("alter role guest reset search_path");
    const denied = await commandHere(backup, [join(await freshFolder(t), "to")], guest);
    assert.equal(denied.failure?.kind, "forbidden");
    await database.query("drop owned by guest; drop role guest");
  });

  await parent.test("says what to do with a release that is too old", async () => {
    // This one is as new as any, and is made to say otherwise: where `past` comes first, this is what it is asked by.
    await database.query(past);
    const { state, saw, todo } = await theTrouble(
      { ...place, database: `${place.database ?? ""}?options=${pastFirst}` },
      "database",
    );
    assert.equal(state, "problem");
    assert.match(saw, /^PostgreSQL 13\.22, database sluice_/);
    assert.equal(todo, "Bring PostgreSQL to release 14 or later.");
    await database.query("drop schema past cascade");
  });

  await parent.test("a server does not begin on a release that is too old", async (t) => {
    const fresh = await server.newDatabase();
    const within = new pg.Client({ connectionString: fresh });
    await within.connect();
    await within.query(past);
    const environment = { SLUICE_DATABASE_URL: `${fresh}?options=${pastFirst}` };
    const { ended, log } = launch(t, { folder: await freshFolder(t), environment });
    assert.deepEqual(await ended, { code: kinds.conflict.exitCode, signal: null });
    assert.match(log(), /^error: PostgreSQL 13\.22 is older than what Sluice needs\.$/m);
    assert.match(log(), /^hint: Bring PostgreSQL to release 14 or later\.$/m);
    const { rows } = await within.query("select from pg_tables where schemaname = 'public'");
    await within.end();
    assert.equal(rows.length, 0, "nothing was made");
  });

  await parent.test("says why it cannot reach the database, once", async () => {
    const nowhere = place.database?.replace(/:\d+\//, ":9/") ?? "";
    const absent = (place.database ?? "").replace(/sluice_\d+_\d+$/, "absent");
    for (const [at, says] of [
      [nowhere, /PostgreSQL cannot be used: .*ECONNREFUSED/],
      [absent, /PostgreSQL cannot be used: database "absent" does not exist/],
      [(place.database ?? "").replace("//sluice:", "//nobody:"), /refuses the connection: role "nobody"/],
      [absent.replace("absent", "%A"), /SLUICE_DATABASE_URL cannot be read/],
      [`${absent}?sslmode=verify-full&sslrootcert=absent.pem`, /PostgreSQL cannot be used: ENOENT/],
    ] as const) {
      const all = await examined({ folder, database: at });
      const told = all.filter(({ name }) => checksOfPostgres.includes(name));
      assert.deepEqual(
        told.map(({ name, state }) => [name, state]),
        [["database", "problem"]],
      );
      assert.match(told[0]?.saw ?? "", says);
    }
  });

  await parent.test("names a standby, which can be backed up all the same", async (t) => {
    await server.stop("fast");
    const signal = join(server.folder, "data", "standby.signal");
    writeFileSync(signal, "");
    chmodSync(signal, 0o666);
    await server.start();
    assert.match((await theTrouble(place, "writes")).saw, /standby/);
    const to = join(await freshFolder(t), "to");
    const { output, failure } = await commandHere(backup, [to], place);
    assert.match(output, /verified/, failure?.message);
    await server.stop("fast");
    rmSync(signal);
    await server.start();
    assert.deepEqual(await trouble(place, "writes"), []);
  });
});

const past = `create schema past;
  create function past.current_setting(name text) returns text language sql as $$ select case name
    when 'server_version' then '13.22 (of the test)' when 'server_version_num' then '130022'
    else pg_catalog.current_setting(name) end $$`;
const pastFirst = encodeURIComponent("-c search_path=past,pg_catalog,public");

test("doctor, of a PostgreSQL server that is badly set up", async (parent) => {
  const settings = {
    full_page_writes: "off",
    synchronous_commit: "off",
    autovacuum: "off",
    autovacuum_freeze_max_age: "100000",
    max_connections: "25",
    max_prepared_transactions: "2",
    archive_mode: "on",
    archive_command: "false",
  };
  const server = await startPostgres({ durable: false, settings });
  parent.after(() => server.dispose());
  const example = await exampleDatabase(parent, server);
  const { database, url } = example;
  const place: Place = { folder: await folderOf(parent), database: url };

  await parent.test("sees what makes commits forget", async () => {
    assert.deepEqual(
      (await trouble(place, "durability"))
        .map(({ saw, state }) => `${state} ${saw.split(":")[0]}`)
        .toSorted(),
      ["problem fsync is off", "problem synchronous_commit is off", "warning full_page_writes is off"],
    );
  });

  await parent.test("sees a transaction that was prepared and left", async (t) => {
    const client = await held(t, url, "coordinator");
    await client.query(
      "begin; insert into lane (name) values ('prepared'); prepare transaction 'left behind'",
    );
    const { state, saw } = await theTrouble(place, "prepared");
    assert.equal(state, "warning");
    assert.match(saw, /^The transaction left behind in sluice_/);
  });

  await parent.test("sees ids that nobody freezes, as the prepared transaction holds them", async () => {
    assert.deepEqual(await trouble(place, "wraparound"), []);
    await spendTransactions(url, 151_000);
    assert.match((await theTrouble(place, "wraparound")).saw, /autovacuum should have frozen it at 100000/);
    await database.query("rollback prepared 'left behind'");
    assert.deepEqual(await trouble(place, "prepared"), []);
  });

  await parent.test("sees a vacuum that is off, and the dead rows that it leaves", async () => {
    await database.query(
      `insert into job (id, workspace, name, payload, lane, due_at, attempt, exchange, received_at, subject)
      select n, 'ws', 'deliver', '{}', 'ep_1', 0, 0, gen_random_uuid(), 0, 'ep_1' from generate_series(1, 15000) as n`,
    );
    await database.query("delete from job");
    const found = await eventually("dead rows", async () => {
      const told = await trouble(place, "vacuum");
      return told.length === 2 ? told : undefined;
    });
    assert.match(found[0]?.saw ?? "", /autovacuum is off/);
    assert.match(found[1]?.saw ?? "", /^job has 15\d\d\d dead rows/);
  });

  await parent.test("sees a slot that nobody uses, and archiving that fails", async () => {
    await database.query("select pg_create_physical_replication_slot('replica_of_old', true)");
    await database.query("create table filler (n integer)");
    await database.query("select pg_switch_wal()");
    const found = await eventually("archiving that fails", async () => {
      const told = await trouble(place, "wal");
      return told.length === 2 ? told : undefined;
    });
    assert.match(found[0]?.saw ?? "", /slot replica_of_old is used by nobody and keeps/);
    assert.equal(found[1]?.state, "problem");
    assert.match(found[1].saw, /^Archiving fails/);
  });

  await parent.test("names who has a transaction open for long, and never what it asked", async (t) => {
    const client = await held(t, url, "forgetful import");
    await client.query("begin; insert into lane (name) values ('private')");
    const { saw, todo } = await eventually(
      "a long transaction",
      async () => (await trouble(place, "transactions"))[0],
    );
    assert.match(
      saw,
      /^forgetful import \(process \d+\) has had a transaction open for \d+ s and has written/,
    );
    assert.match(todo ?? "", /pg_terminate_backend/);
    assert.ok(!JSON.stringify(await examined(place)).includes("private"));
  });

  await parent.test(
    "sees that connections run out, and that nodes may want more than there are",
    async (t) => {
      assert.deepEqual(await trouble(place, "connections"), []);
      await database.query("insert into node (id, version, host) values ('a', '1', 'a'), ('b', '1', 'b')");
      const wanted = `2 nodes may open ${2 * connectionsPerNode}, and the server allows 22`;
      assert.ok((await theTrouble(place, "connections")).saw.includes(wanted));
      for (let n = 0; n < 18; n++) await held(t, url, "greedy");
      const { saw, todo } = await theTrouble(place, "connections");
      assert.match(saw, /^\d\d of 22 connections of the server are in use/);
      assert.match(todo ?? "", /max_connections/);
    },
  );

  await parent.test("sees a day that took far more than those before", async () => {
    const ids = (day: number, count: number) =>
      Array.from({ length: count }, () => newExchangeId(Date.now() - day * dayMs));
    const days = [ids(2, 1), ids(1, 80)].flat().toSorted();
    // Ids of one process never go back in time: these are put into their days by hand.
    const placed = days.map((id, i) => {
      const at = Date.now() - (i === 0 ? 2 : 1) * dayMs;
      return `ex_${at.toString(16).padStart(12, "0")}${id.slice(15)}`;
    });
    await partitions(database).ensure(placed);
    const add = (some: readonly string[]) =>
      database.query(
        "insert into block (id, exchanges, data) select id::uuid, 1, decode(repeat('00', 1048576), 'hex') from unnest($1::text[]) as id",
        [some.map(uuidOf)],
      );
    await add(placed.slice(0, 2));
    assert.deepEqual(await trouble(place, "size"), []);
    await keeping(database, 30);
    const { saw } = (await examined(place)).find(({ name }) => name === "size") ?? {};
    assert.match(saw ?? "", /MiB of it from yesterday; the 30 days that are kept will take 3\d\.\d MiB\.$/);
    await add(placed.slice(2));
    assert.match(
      (await theTrouble(place, "size")).saw,
      /MiB of it from yesterday; the days before took 1\.\d MiB each/,
    );
  });

  await parent.test("says what the days that are kept will need more than there is", async () => {
    const known = (await examined(place)).find(({ name }) => name === "room");
    assert.match(known?.saw ?? "", /^\d.* free, \d+ % of the disk\./);
    // Longer than any disk has room for.
    await keeping(database, 10_000_000);
    const { saw, todo } = await theTrouble(place, "room");
    assert.match(saw, / It needs \d+\.\d GiB more until the 10000000 days that are kept are full/);
    assert.match(todo ?? "", /retentionDays/);
  });
});

test("doctor, of a PostgreSQL whose disk is nearly full", async (t) => {
  const disk = smallDisk(t, clusterMegabytes);
  if (typeof disk === "string") {
    t.skip(disk);
    return;
  }
  const server = await startPostgres({ durable: false, parent: disk.folder });
  t.after(() => server.dispose());
  const { url } = await exampleDatabase(t, server);
  const place: Place = { folder: await folderOf(t), database: url };
  assert.equal((await theTrouble(place, "room")).state, "warning");
  disk.fill();
  const { state, saw, todo } = await theTrouble(place, "room");
  assert.equal(state, "problem");
  assert.match(saw, /^0 bytes free, 0 % of the disk\.$/);
  assert.match(todo ?? "", /grow PostgreSQL's disk/);
});

test("a process is taken for PostgreSQL's on this machine only when it is one", async () => {
  assert.equal(isBackendHere(process.pid), false);
  assert.equal(isBackendHere(2 ** 30), false);
});
