import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import { Failure } from "../../kernel/failure.ts";
import { openSnapshot, openStill } from "./snapshot.ts";

/** Some 24 MB: several steps of a copy. */
const rows = 3_000;
const insertsMax = 20;

/** A database in write-ahead mode with its writer. */
function written(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-snapshot-"));
  const path = join(folder, "busy.db");
  const sql = new DatabaseSync(path);
  t.after(() => {
    sql.close();
    rmSync(folder, { recursive: true });
  });
  sql.exec(
    "pragma page_size = 8192; pragma journal_mode = wal; create table thing (id integer primary key, data blob)",
  );
  const insert = sql.prepare("insert into thing (data) values (randomblob(8000))");
  sql.exec("begin");
  for (let n = 0; n < rows; n++) insert.run();
  sql.exec("commit; pragma user_version = 7");
  return { folder, path, insert };
}

test("a copy beside a busy writer ends, in one pass, and holds the moment the snapshot was opened", async (t) => {
  const { folder, path, insert } = written(t);
  const snapshot = openSnapshot(path);
  const steps: number[] = [];
  const to = join(folder, "copy.db");
  insert.run();
  await snapshot.copyTo(to, (copied) => {
    steps.push(copied);
    // A copy that starts anew whenever it is written to would never end.
    if (steps.length <= insertsMax) insert.run();
  });
  assert.ok(steps.length >= 2, "it was written to between two steps");
  assert.deepEqual(
    steps,
    steps.toSorted((a, b) => a - b),
    "it never starts anew",
  );
  assert.deepEqual(snapshot.rows(), { thing: rows });
  snapshot.close();
  const copy = openStill(to);
  assert.deepEqual(copy.rows(), { thing: rows });
  assert.equal(copy.schema, 7);
  assert.deepEqual(copy.flaws("full"), []);
  copy.close();
  const now = openSnapshot(path);
  assert.deepEqual(now.rows(), { thing: rows + 1 + steps.length });
  now.close();
});

test("two snapshots are of the moments they were opened at, whatever is written between reads", (t) => {
  const { path, insert } = written(t);
  const first = openSnapshot(path);
  insert.run();
  const second = openSnapshot(path);
  insert.run();
  assert.deepEqual([first.rows(), second.rows()], [{ thing: rows }, { thing: rows + 1 }]);
  first.close();
  second.close();
});

test("reading a still file leaves nothing beside it", async (t) => {
  const { folder, path } = written(t);
  const snapshot = openSnapshot(path);
  await snapshot.copyTo(join(folder, "copy.db"), () => {});
  snapshot.close();
  const copy = openStill(join(folder, "copy.db"));
  copy.rows();
  copy.flaws("quick");
  copy.close();
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith("copy")),
    ["copy.db"],
  );
});

test("a file that is absent is refused by name", () => {
  const path = join(tmpdir(), "sluice-no-such-file.db");
  for (const open of [openSnapshot, openStill])
    assert.throws(
      () => open(path),
      (error) => error instanceof Failure && error.kind === "unavailable" && error.message.includes(path),
    );
});
