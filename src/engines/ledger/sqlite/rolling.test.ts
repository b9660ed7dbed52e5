import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { wallClock } from "../../../kernel/clock.ts";
import type { NewExchange } from "../../../kernel/exchange.ts";
import { textOf } from "../../stored/row.ts";
import { openTrafficFile, type TrafficFile } from "../../sqlite/traffic-file.ts";
import type { Ledger } from "../ledger.ts";
import { hourMs } from "../rolled-hours.ts";
import { day, made, nth, ours } from "../samples.ts";
import { sqliteLedger } from "../sqlite.ts";

async function withFile(use: (file: TrafficFile) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-rolling-"));
  const file = await openTrafficFile(join(folder, "traffic.db"), wallClock);
  try {
    await use(file);
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

const rejected = (n: number) =>
  made({ startedAt: day + (n % 40) * hourMs, subject: `ep_${n % 3}`, ending: "rejected" });

async function commitMany(file: TrafficFile, count: number): Promise<readonly NewExchange[]> {
  const rows = Array.from({ length: count }, (_, n) => rejected(n));
  await file.commit({ exchanges: rows, jobs: [] });
  return rows;
}

const hourly = { workspace: ours, where: {}, stepMs: hourMs, bySubject: true } as const;
const ofEverything = { workspace: ours, kinds: ["event"], jobs: [], receivedFrom: 0, receivedTo: Infinity };

async function counted(ledger: Ledger): Promise<readonly [measured: number, ended: number]> {
  const sum = (rows: readonly { readonly count: number }[]) =>
    rows.reduce((all, { count }) => all + count, 0);
  return [sum(await ledger.measure(hourly)), sum(await ledger.countStates(ofEverything))];
}

async function rowsOf(file: TrafficFile, table: string): Promise<number> {
  const [row] = await file.read(`select count(*) as rows from ${table}`, []);
  return Number(row?.["rows"]);
}

/** Rolls the rest up; then the rollups alone hold every exchange once, and so do the answers. */
async function allRolledOnce(file: TrafficFile, count: number): Promise<void> {
  const ledger = sqliteLedger(file, wallClock);
  while ((await persistently(() => ledger.roll(1_000))) > 0);
  assert.deepEqual(await counted(ledger), [count, count]);
  for (const table of ["rollup", "ending_rollup"]) {
    const [row] = await file.read(`select sum(count) as count from ${table}`, []);
    assert.equal(row?.["count"], count, table);
  }
}

test("a roll that another has outrun changes nothing", () =>
  withFile(async (file) => {
    await commitMany(file, 500);
    const other = sqliteLedger(file, wallClock);
    const outrun: TrafficFile = {
      ...file,
      async write(statements) {
        assert.equal(await other.roll(300), 300);
        return file.write(statements);
      },
    };
    assert.equal(await sqliteLedger(outrun, wallClock).roll(20), 0);
    await allRolledOnce(file, 500);
  }));

test("a roll whose writer is lost at any moment misses nothing and adds nothing twice", () =>
  withFile(async (file) => {
    const ledger = sqliteLedger(file, wallClock);
    await commitMany(file, 400);
    for (let round = 0; round < 24; round++) {
      const rolling = ledger.roll(20).catch(() => 0);
      for (let turn = 0; turn < round % 7; turn++) await new Promise(setImmediate);
      if (round % 4 === 0) await file.killWriter();
      await rolling;
      assert.deepEqual(await counted(ledger), [400, 400]);
    }
    await allRolledOnce(file, 400);
  }));

async function persistently<T>(work: () => Promise<T>): Promise<T> {
  for (let round = 0; round < 100; round++) {
    try {
      return await work();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return work();
}

test("a roll whose answer was lost after it took place is not repeated", () =>
  withFile(async (file) => {
    await commitMany(file, 90);
    const deaf = sqliteLedger(
      {
        ...file,
        write: async (statements) =>
          Promise.reject(new Error(`lost: ${(await file.write(statements)).length}`)),
      },
      wallClock,
    );
    await assert.rejects(deaf.roll(50), /lost/);
    const ledger = sqliteLedger(file, wallClock);
    assert.deepEqual(await counted(ledger), [90, 90]);
    assert.equal(await ledger.roll(1_000), 40);
    assert.deepEqual(await counted(ledger), [90, 90]);
  }));

test("the rollups of removed exchanges go with them", () =>
  withFile(async (file) => {
    const ledger = sqliteLedger(file, wallClock);
    await commitMany(file, 120);
    await ledger.roll(1_000);
    assert.deepEqual(
      await Promise.all(["rollup", "ending_rollup"].map((table) => rowsOf(file, table))),
      [120, 120],
    );
    assert.equal(await ledger.purge(ours, "ep_1", 1_000), 40);
    assert.deepEqual(
      await Promise.all(["rollup", "ending_rollup"].map((table) => rowsOf(file, table))),
      [80, 80],
    );
    assert.equal(await ledger.expire([{ workspace: ours, before: day + 10 * hourMs }], 1_000), 20);
    assert.deepEqual(
      await Promise.all(["rollup", "ending_rollup"].map((table) => rowsOf(file, table))),
      [60, 60],
    );
    assert.deepEqual(await counted(ledger), [60, 60]);
  }));

test("a question over hours reads rollups, the rows at its ends, also those to be taken off, those that wait, and no others", () =>
  withFile(async (file) => {
    const rows = await commitMany(file, 90);
    const asked: Parameters<TrafficFile["read"]>[] = [];
    const watched: TrafficFile = {
      ...file,
      read(...query) {
        asked.push(query);
        return file.read(...query);
      },
    };
    const ledger = sqliteLedger(watched, wallClock);
    await ledger.roll(80);
    for (const subjects of [undefined, [nth(rows, 0).subject]]) {
      asked.length = 0;
      const where = { from: day + 1, to: day + 30 * hourMs + 1, ...(subjects && { subjects }) };
      await ledger.measure({ workspace: ours, where, bySubject: true });
      const window = { receivedFrom: where.from, receivedTo: where.to, ...(subjects && { subjects }) };
      await ledger.countStates({ workspace: ours, kinds: ["event"], jobs: [], ...window });
      const plans = await Promise.all(
        asked.map(([sql, params]) => file.read(`explain query plan ${sql}`, params)),
      );
      const reached = plans
        .flat()
        .map((plan) => textOf(plan, "detail"))
        .filter((detail) => detail.includes("candidate"));
      assert.deepEqual(
        reached.map((detail) => detail.replace("USING COVERING INDEX", "USING INDEX")),
        [
          "SEARCH candidate USING PRIMARY KEY (workspace=? AND subject=? AND hour>? AND hour<?)",
          "SEARCH candidate USING INDEX exchange_list (workspace=? AND subject=? AND started_at>? AND started_at<?)",
          "SEARCH candidate USING INDEX exchange_list (workspace=? AND subject=? AND started_at>? AND started_at<?)",
          "SEARCH candidate USING INDEX exchange_list (workspace=? AND subject=? AND started_at>? AND started_at<?)",
          "SEARCH candidate USING INTEGER PRIMARY KEY (rowid>?)",
          "SEARCH candidate USING PRIMARY KEY (workspace=? AND subject=? AND hour>? AND hour<?)",
          "SEARCH candidate USING INDEX exchange_ending (workspace=? AND ending=? AND subject=? AND received_at>? AND received_at<?)",
          "SEARCH candidate USING INDEX exchange_ending (workspace=? AND ending=? AND subject=? AND received_at>? AND received_at<?)",
          "SEARCH candidate USING INDEX exchange_ending (workspace=? AND ending=? AND subject=? AND received_at>? AND received_at<?)",
          "SEARCH candidate USING INTEGER PRIMARY KEY (rowid>?)",
        ],
      );
    }
  }));
