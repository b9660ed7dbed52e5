import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { Wal } from "./wal.ts";

const commitsBetweenLooks = 8;

/**
 * Two connections of which one or the other is always in the log. The first query sees an older state; when it ends,
 * the next one takes its place among SQLite's marks of readers, and whoever waits for that place waits for good.
 */
const readers = `
const { DatabaseSync } = require("node:sqlite");
const { parentPort, workerData } = require("node:worker_threads");
const turn = new Int32Array(workerData.turn);
const [first, second] = [1, 2].map(() => new DatabaseSync(workerData.path, { readOnly: true }));
const begin = (reader) => { reader.exec("begin"); reader.prepare("select count(*) from thing").get(); };
const pause = (ms) => Atomics.wait(turn, 1, 0, ms);
begin(first);
parentPort.postMessage("reading");
Atomics.wait(turn, 0, 0);
pause(100);
let [inside, outside] = [second, first];
first.exec("commit");
begin(second);
while (pause(20) === "timed-out") {
  begin(outside);
  inside.exec("commit");
  [inside, outside] = [outside, inside];
}
inside.exec("commit");
`;

test("a long log begins anew although readers of another thread take turns in it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-wal-"));
  const path = join(folder, "busy.db");
  const database = new DatabaseSync(path, { timeout: 1_000 });
  database.exec(
    "pragma page_size = 8192; pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table thing (data blob)",
  );
  const turn = new SharedArrayBuffer(8);
  const worker = new Worker(readers, { eval: true, workerData: { path, turn } });
  const ended = once(worker, "exit");
  t.after(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });
  await once(worker, "message");
  for (let n = 0; n < 70; n++) database.exec("insert into thing values (zeroblob(1048576))");
  const wal = new Wal(database);
  const told = new Int32Array(turn);
  Atomics.store(told, 0, 1);
  Atomics.notify(told, 0);
  for (let n = 0; n < commitsBetweenLooks; n++) wal.tend();
  const left = statSync(`${path}-wal`).size;
  Atomics.store(told, 1, 1);
  Atomics.notify(told, 1);
  await ended;
  assert.equal(left, 0);
});
