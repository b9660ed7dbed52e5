import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { wallClock } from "../../kernel/clock.ts";
import type { NewExchange } from "../../kernel/exchange.ts";
import { made, withContent } from "../ledger/samples.ts";
import { openTrafficFile, type TrafficFile } from "./traffic-file.ts";

async function withFile(use: (file: TrafficFile) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-exchange-insert-"));
  const file = await openTrafficFile(join(folder, "traffic.db"), wallClock);
  try {
    await use(file);
  } finally {
    await file.close();
    await rm(folder, { recursive: true });
  }
}

function commit(file: TrafficFile, exchanges: readonly NewExchange[]): Promise<unknown> {
  return file.commit({ exchanges, jobs: [] });
}

test("a block counts the exchanges that came to point to it, and is not kept without any", () =>
  withFile(async (file) => {
    const rows = Array.from({ length: 30 }, (_, i) => withContent(`${i}`));
    const [early, late] = [rows.slice(0, 20), rows.slice(10)];
    for (const exchanges of [early, early, late]) await commit(file, exchanges);
    const counts = await file.read("select exchanges from block order by id", []);
    assert.deepEqual(
      counts.map((row) => row["exchanges"]),
      [20, 10],
    );
    const pointing = await file.read(
      "select count(*) as count from exchange group by block order by block",
      [],
    );
    assert.deepEqual(
      pointing.map((row) => row["count"]),
      [20, 10],
    );
  }));

test("a path that comes once is stored as it is, one that repeats as a name", () =>
  withFile(async (file) => {
    for (const path of [
      "/once?1",
      "/often",
      "/often",
      "/often",
      `/${"long".repeat(100)}`,
      `/${"long".repeat(100)}`,
    ])
      await commit(file, [made({ path })]);
    const rows = await file.read(
      "select typeof(path) as type, count(*) as count from exchange group by 1",
      [],
    );
    assert.deepEqual(
      rows.map(({ type, count }) => [type, count]),
      [
        ["integer", 2],
        ["text", 4],
      ],
    );
  }));

test("names made by a transaction that failed are made again by the next", () =>
  withFile(async (file) => {
    const refuse = `create trigger refuse before insert on exchange when new.attempt = 99
      begin select raise(abort, 'refused'); end`;
    await file.write([{ sql: refuse, params: [] }]);
    await assert.rejects(commit(file, [made({ subject: "ep_new", attempt: 99 })]), /refused/);
    await commit(file, [made({ workspace: "ws_new", subject: "ep_new" })]);
    const [row] = await file.read(
      `select workspace.text as workspace, subject.text as subject from exchange
      join name as workspace on workspace.id = exchange.workspace join name as subject on subject.id = exchange.subject
      order by seq desc limit 1`,
      [],
    );
    assert.deepEqual({ ...row }, { workspace: "ws_new", subject: "ep_new" });
  }));
