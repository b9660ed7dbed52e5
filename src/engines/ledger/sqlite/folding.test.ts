import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import test from "node:test";
import { wallClock } from "../../../kernel/clock.ts";
import type { Summary } from "../../../kernel/summary.ts";
import { openTrafficFile, type TrafficFile } from "../../sqlite/traffic-file.ts";
import { trafficMigrations, trafficPragmas } from "../../sqlite/traffic-schema.ts";
import { Histogram } from "../../stored/histogram.ts";
import { textOf, type SqlValue } from "../../stored/row.ts";
import type { Ledger } from "../ledger.ts";
import { day, ours } from "../samples.ts";
import { sqliteLedger } from "../sqlite.ts";

const [minuteMs, hourMs] = [60_000, 3_600_000];
const hour = day - (day % hourMs);

async function withFile(
  use: (file: TrafficFile) => Promise<void>,
  prepare: (path: string) => void = () => {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-folding-"));
  const path = join(folder, "traffic.db");
  prepare(path);
  const file = await openTrafficFile(path, wallClock);
  try {
    await use(file);
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

function summaryOf(n: number): Summary {
  const durations = new Histogram();
  durations.add(n % 40);
  const at = hour + (n % 90) * minuteMs;
  const place = { workspace: ours, environment: "production", bucket: `b${n % 3}`, at };
  const calls = { method: "GET", route: `/${n % 7}`, status: 200, outcome: "answered" };
  const figures = { count: 1, requestBytes: 1, responseBytes: 2, durationMs: n % 40 };
  return { ...place, ...calls, ...figures, durations: durations.encode() };
}

async function commitMany(file: TrafficFile, count: number): Promise<void> {
  const entries = Array.from({ length: count }, (_, n) =>
    file.commit({ exchanges: [], jobs: [], summaries: [summaryOf(n)] }),
  );
  await Promise.all(entries);
}

async function called(ledger: Ledger): Promise<number> {
  const where = { from: hour, to: hour + 2 * hourMs };
  return (await ledger.sum({ workspace: ours, where, by: [] }))[0]?.count ?? 0;
}

/** Folds the rest; then the intervals alone hold every call once, and so does the answer. */
async function allFoldedOnce(file: TrafficFile, count: number): Promise<void> {
  const ledger = sqliteLedger(file, wallClock);
  while ((await persistently(() => ledger.roll(1_000))) > 0);
  assert.equal(await called(ledger), count);
  const [row] = await file.read("select count(*) as rows from summary", []);
  assert.equal(row?.["rows"], 0);
}

/** While the writer is being replaced, there is none. */
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

test("a fold that another has outrun changes nothing", () =>
  withFile(async (file) => {
    await commitMany(file, 60);
    const other = sqliteLedger(file, wallClock);
    const outrun: TrafficFile = {
      ...file,
      async write(statements) {
        assert.equal(await other.roll(30), 30);
        return file.write(statements);
      },
    };
    assert.equal(await sqliteLedger(outrun, wallClock).roll(20), 0);
    await allFoldedOnce(file, 60);
  }));

test("a fold whose answer was lost after it took place is not repeated", () =>
  withFile(async (file) => {
    await commitMany(file, 50);
    const lost = async (written: Promise<readonly unknown[]>) =>
      Promise.reject(new Error(`lost: ${(await written).length}`));
    const deaf = sqliteLedger({ ...file, write: (statements) => lost(file.write(statements)) }, wallClock);
    await assert.rejects(deaf.roll(20), /lost/);
    const ledger = sqliteLedger(file, wallClock);
    assert.equal(await called(ledger), 50);
    assert.equal(await ledger.roll(1_000), 30);
    assert.equal(await called(ledger), 50);
  }));

test("a fold whose writer is lost at any moment misses nothing and adds nothing twice", () =>
  withFile(async (file) => {
    const ledger = sqliteLedger(file, wallClock);
    await commitMany(file, 120);
    for (let round = 0; round < 24; round++) {
      const folding = ledger.roll(5).catch(() => 0);
      for (let turn = 0; turn < round; turn++) await new Promise(setImmediate);
      if (round % 3 === 0) await file.killWriter();
      await folding;
      assert.equal(await called(ledger), 120);
    }
    await allFoldedOnce(file, 120);
  }));

test("a sum reads intervals from their index, of a length that fits, and what waits", () =>
  withFile(async (file) => {
    await commitMany(file, 10);
    const asked: { readonly sql: string; readonly params: readonly SqlValue[] }[] = [];
    const watched: TrafficFile = {
      ...file,
      read(sql, params) {
        asked.push({ sql, params });
        return file.read(sql, params);
      },
    };
    const where = { from: hour - 7 * minuteMs, to: hour + 5 * hourMs + 20 * minuteMs, buckets: ["b1"] };
    await sqliteLedger(watched, wallClock).sum({ workspace: ours, where, by: [] });
    const { sql = "", params = [] } = asked.at(-1) ?? {};
    const plan = await file.read(`explain query plan ${sql}`, params);
    const reached = plan
      .map((row) => textOf(row, "detail"))
      .filter((detail) => /\b(interval_summary|summary)\b/.test(detail));
    const interval =
      "SEARCH interval_summary USING INDEX interval_summary_place (workspace=? AND grain=? AND at>? AND at<?)";
    // Seven minutes, five hours, a quarter, five minutes.
    assert.deepEqual(reached, [interval, interval, interval, interval, "SCAN summary"]);
  }));

test("a file of before summaries is brought forward", () =>
  withFile(
    async (file) => {
      await commitMany(file, 3);
      await allFoldedOnce(file, 3);
    },
    (path) => {
      const database = new DatabaseSync(path);
      database.exec(`${trafficPragmas}; ${trafficMigrations[0] ?? ""}; pragma user_version = 1`);
      database.close();
    },
  ));
