import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { gamma, leastMs, slotMax } from "../../capture/slots.ts";
import { databases } from "../../src/engines/databases.ts";
import type { Ledger } from "../../src/engines/ledger/ledger.ts";
import { addSlots, slotsSql } from "../../src/engines/ledger/postgres/slots.ts";
import { hourMs } from "../../src/engines/ledger/rolled-hours.ts";
import { day, made, ours } from "../../src/engines/ledger/samples.ts";
import { openDatabase } from "../../src/engines/postgres/database.ts";
import { nodePart } from "../../src/engines/postgres/membership.ts";
import type { Node } from "../../src/engines/postgres/node.ts";
import { partitionDays } from "../../src/engines/postgres/partitions.ts";
import { migrate } from "../../src/engines/postgres/schema.ts";
import { trafficPart } from "../../src/engines/postgres/traffic-schema.ts";
import { Histogram } from "../../src/engines/stored/histogram.ts";
import { bytesOf, numberOf } from "../../src/engines/stored/row.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import { Secret } from "../../src/kernel/secret.ts";
import type { Summary } from "../../src/kernel/summary.ts";
import { newSchema } from "./places.ts";
import { openPostgresLedger, type PostgresLedger } from "./postgres-ledger.ts";

/* What only PostgreSQL can get wrong; everything else is in the suite that runs over every database. */

const dayMs = 24 * hourMs;
const monday = 20_000 * dayMs;

async function withNodes(count: number, use: (nodes: readonly PostgresLedger[]) => Promise<void>) {
  const url = await newSchema();
  const nodes: PostgresLedger[] = [];
  try {
    while (nodes.length < count) nodes.push(await openPostgresLedger(url));
    await use(nodes);
  } finally {
    for (const node of nodes) await node.close();
  }
}

const withNode = (use: (node: PostgresLedger) => Promise<void>) =>
  withNodes(1, async ([node]) => {
    assert.ok(node);
    await use(node);
  });

/** An exchange that began at this moment, and whose id says so. */
function at(moment: number, more: Partial<NewExchange> = {}): NewExchange {
  const id = `ex_${moment.toString(16).padStart(12, "0")}7${randomBytes(10).toString("hex").slice(1)}`;
  return made({ id, startedAt: moment, receivedAt: moment, ...more });
}

const rejected = (n: number): NewExchange =>
  made({ startedAt: day + (n % 40) * hourMs, subject: `ep_${n % 3}`, ending: "rejected" });

const hourly = { workspace: ours, where: {}, stepMs: hourMs, bySubject: true } as const;
const ofEverything = { workspace: ours, kinds: ["event"], jobs: [], receivedFrom: 0, receivedTo: Infinity };

async function counted(ledger: Ledger): Promise<readonly [measured: number, ended: number]> {
  const sum = (rows: readonly { readonly count: number }[]) =>
    rows.reduce((all, { count }) => all + count, 0);
  return [sum(await ledger.measure(hourly)), sum(await ledger.countStates(ofEverything))];
}

/** What the rollups themselves have counted. */
async function inRollups({ database }: Node): Promise<readonly [figures: number, endings: number]> {
  const [row = {}] = await database.query(`select
    (select coalesce(sum(count), 0) from rollup) as figures,
    (select coalesce(sum(count), 0) from ending_rollup) as endings`);
  return [numberOf(row, "figures"), numberOf(row, "endings")];
}

async function rollAll(ledger: Ledger): Promise<void> {
  while ((await ledger.roll(1_000)) > 0);
}

test("nodes that roll at the same moment count every exchange once together", () =>
  withNodes(3, async (nodes) => {
    const writing = nodes.map(async ({ commit, ledger }, n) => {
      for (let i = 0; i < 12; i++) {
        await commit(
          Array.from({ length: 10 }, (_, k) => rejected(n + 3 * (i + k))),
          [],
        );
        await ledger.roll(17);
      }
    });
    const rolling = nodes.map(async ({ ledger }) => {
      for (let i = 0; i < 12; i++) await ledger.roll(23);
    });
    await Promise.all([...writing, ...rolling]);
    for (const { ledger, node } of nodes) {
      await rollAll(ledger);
      assert.deepEqual(await counted(ledger), [360, 360]);
      assert.deepEqual(await inRollups(node), [360, 360]);
    }
  }));

test("a roll whose connection is lost at any moment misses nothing and adds nothing twice", () =>
  withNodes(2, async ([rolls, kills]) => {
    assert.ok(rolls && kills);
    await rolls.commit(
      Array.from({ length: 300 }, (_, n) => rejected(n)),
      [],
    );
    for (let round = 0; round < 20; round++) {
      const rolling = rolls.ledger.roll(10).catch(() => 0);
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
      await kills.node.database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
        [`sluice ${rolls.node.id} reads`],
      );
      await rolling;
      assert.deepEqual(await counted(kills.ledger), [300, 300]);
    }
    await rollAll(kills.ledger);
    assert.deepEqual(await inRollups(kills.node), [300, 300]);
  }));

test("what commits behind a transaction that is still open is counted, and rolled up when that has ended", async () => {
  const url = await newSchema();
  const { ledger, node, commit, close } = await openPostgresLedger(url);
  const open = new pg.Client({ connectionString: url });
  try {
    await open.connect();
    await open.query("begin");
    await open.query("select pg_current_xact_id()");
    await commit([rejected(0)], []);
    assert.equal(await ledger.roll(10), 0);
    assert.deepEqual(await counted(ledger), [1, 1]);
    await open.query("commit");
    assert.equal(await ledger.roll(10), 1);
    assert.deepEqual(await inRollups(node), [1, 1]);
    assert.deepEqual(await counted(ledger), [1, 1]);
  } finally {
    await open.end();
    await close();
  }
});

test("nothing is removed while a roll is under way, which has read it already", async () => {
  const url = await newSchema();
  const { ledger, node, commit, close } = await openPostgresLedger(url);
  const rolling = new pg.Client({ connectionString: url });
  try {
    await rolling.connect();
    await commit([at(monday), at(monday + 2 * dayMs), at(monday + 2 * dayMs, { subject: "ep_b" })], []);
    const removals = [
      () => ledger.purge(ours, "ep_b", 10),
      () => ledger.expire([{ workspace: ours, before: monday + 2 * dayMs + 1 }], 10),
    ];
    for (const [n, remove] of removals.entries()) {
      await rolling.query("begin");
      await rolling.query("select position from rolled for update");
      const removal = remove();
      const first = await Promise.race([removal.then(() => "removed"), waitsForLock(node)]);
      assert.equal(first, "waits");
      assert.equal((await ledger.find({ workspace: ours, where: {}, limit: 10 })).rows.length, 3 - n);
      await rolling.query("commit");
      assert.equal(await removal, n + 1);
    }
  } finally {
    await rolling.end();
    await close();
  }
});

/** Resolves when a statement of the node waits for a row that another transaction has locked. */
async function waitsForLock({ id, watching }: Node): Promise<string> {
  const waiting = `select 1 from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'`;
  while ((await watching.query(waiting, [`sluice ${id} reads`])).length === 0) await sleep(10);
  return "waits";
}

test("the rollups of removed exchanges go with them, row by row or a day at a time", () =>
  withNode(async ({ ledger, node, commit }) => {
    const rows = Array.from({ length: 4 * 24 }, (_, n) =>
      at(monday + n * hourMs, { subject: `ep_${n % 2}`, ending: "rejected" }),
    );
    await commit(rows, []);
    await rollAll(ledger);
    assert.deepEqual(await inRollups(node), [96, 96]);
    assert.equal(
      await ledger.expire([{ workspace: ours, before: monday + 2 * dayMs + 5 * hourMs }], 1_000),
      53,
    );
    // The upkeep of whoever writes makes the days of today and tomorrow as well, some time.
    const left = (await partitionDays(node.database)).map((found) => found - monday / dayMs);
    assert.deepEqual(
      left.filter((found) => found < 4),
      [2, 3],
      "two days were dropped",
    );
    assert.deepEqual(await inRollups(node), [43, 43]);
    assert.deepEqual(await counted(ledger), [43, 43]);
    assert.equal(await ledger.purge(ours, "ep_1", 1_000), 22);
    assert.deepEqual(await inRollups(node), [21, 21]);
    assert.deepEqual(await counted(ledger), [21, 21]);
  }));

test("a day that is dropped before it was rolled up is in no figure", () =>
  withNode(async ({ ledger, node, commit }) => {
    const rows = Array.from({ length: 48 }, (_, n) => at(monday + n * hourMs, { ending: "rejected" }));
    await commit(rows, []);
    await ledger.roll(10);
    assert.equal(await ledger.expire([{ workspace: ours, before: monday + dayMs }], 1_000), 24);
    assert.deepEqual(await counted(ledger), [24, 24]);
    await rollAll(ledger);
    assert.deepEqual(await inRollups(node), [24, 24]);
    assert.deepEqual(await counted(ledger), [24, 24]);
  }));

function alone(ms: number): Uint8Array {
  const histogram = new Histogram();
  histogram.add(ms);
  return histogram.encode();
}

test("PostgreSQL puts durations into the slots that a histogram does", () =>
  withNode(async ({ node }) => {
    const bounds = Array.from({ length: slotMax + 2 }, (_, n) => leastMs * gamma ** n);
    const beside = bounds.flatMap((bound) => [bound * (1 - 1e-9), bound * (1 + 1e-9)]);
    const plain = Array.from({ length: 20_000 }, (_, n) => n / 8);
    const durations = [0, leastMs, leastMs / 2, 1e300, ...plain, ...beside];
    const rows = await node.database.query(
      `select ${slotsSql("ms")} as slots from unnest($1::double precision[]) with ordinality as given (ms, nth)
      group by nth order by nth`,
      [durations],
    );
    const read = rows.map((row) => {
      const histogram = new Histogram();
      addSlots(histogram, bytesOf(row, "slots"), 1);
      return histogram.encode();
    });
    assert.deepEqual(read, durations.map(alone));
  }));

test("in a database whose exchanges are gone, and that came from elsewhere, new ones are rolled up", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "sluice-rolling-"));
  t.after(() => rm(folder, { recursive: true }));
  const place = { folder, url: new Secret(await newSchema()), clock: wallClock, version: "0.0.0" };
  const log = (line: string): void => process.emitWarning(line);
  const before = await openPostgresLedger(place.url.reveal());
  await before.node.database.query("update rolled set position = $1", [5_000_000_000_000]);
  await before.close();
  const { ledger, traffic, close } = await databases.postgres({ ...place, log });
  try {
    await traffic.journal.commit({ exchanges: [rejected(0)], jobs: [] });
    assert.equal(await ledger.roll(10), 1);
    assert.deepEqual(await counted(ledger), [1, 1]);
  } finally {
    await close();
  }
});

const minute = day - (day % hourMs);

function summaryOf(n: number): Summary {
  const durations = new Histogram();
  durations.add(n % 40);
  const place = {
    workspace: ours,
    environment: "production",
    bucket: `b${n % 3}`,
    at: minute + (n % 90) * 60_000,
  };
  const calls = { method: "GET", route: `/${n % 7}`, status: 200, outcome: "answered" };
  const figures = { count: 1, requestBytes: 1, responseBytes: 2, durationMs: n % 40 };
  return { ...place, ...calls, ...figures, durations: durations.encode() };
}

async function called(ledger: Ledger): Promise<number> {
  const where = { from: minute, to: minute + 2 * hourMs };
  return (await ledger.sum({ workspace: ours, where, by: [] }))[0]?.count ?? 0;
}

test("nodes that take the same batch, and fold at the same moment, count every call once together", () =>
  withNodes(3, async (nodes) => {
    const all = nodes.flatMap(({ summarise, ledger }) =>
      Array.from({ length: 15 }, async (_, batch) => {
        await summarise([summaryOf(batch), summaryOf(batch + 1)], `batch ${batch}`);
        await ledger.roll(3);
      }),
    );
    await Promise.all(all);
    for (const { ledger, node } of nodes) {
      assert.equal(await called(ledger), 30);
      await rollAll(ledger);
      assert.equal(await called(ledger), 30);
      const [waiting] = await node.database.query("select count(*) as rows from summary");
      assert.equal(waiting?.["rows"], 0);
    }
  }));

test("a fold whose connection is lost at any moment misses nothing and adds nothing twice", () =>
  withNodes(2, async ([folds, kills]) => {
    assert.ok(folds && kills);
    await Promise.all(Array.from({ length: 60 }, (_, n) => folds.summarise([summaryOf(n)], `batch ${n}`)));
    for (let round = 0; round < 20; round++) {
      const rolling = folds.ledger.roll(4).catch(() => 0);
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
      await kills.node.database.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1",
        [`sluice ${folds.node.id} reads`],
      );
      await rolling;
      assert.equal(await called(kills.ledger), 60);
    }
    await rollAll(kills.ledger);
    assert.equal(await called(kills.ledger), 60);
  }));

test("a database of before summaries is brought forward, and keys taken then stay taken", async () => {
  const url = await newSchema();
  const before = { ...trafficPart, migrations: trafficPart.migrations.slice(0, 1) };
  const old = openDatabase({ url, name: "old", connections: 1, statementMs: 30_000 });
  await migrate(old, [nodePart, before]);
  await old.query("insert into used (key, expires_at, exchange) values ('batch', $1, null)", [
    Number.MAX_SAFE_INTEGER,
  ]);
  await old.close();
  const { ledger, summarise, close } = await openPostgresLedger(url);
  try {
    await summarise([summaryOf(1)], "batch");
    await summarise([summaryOf(1)], "batch of today");
    assert.equal(await called(ledger), 1);
  } finally {
    await close();
  }
});
