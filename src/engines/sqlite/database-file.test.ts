import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { openDatabaseFile } from "./database-file.ts";

const first = "create table note (text text) strict";
const second = "alter table note add column author text";

function newPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-database-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "a.db");
}

test("a file is brought forward by the migrations it lacks, each once, and keeps its rows", (t) => {
  const path = newPath(t);
  const old = openDatabaseFile(path, [first], "full");
  old.sql.exec("insert into note values ('kept')");
  old.close();
  for (let start = 0; start < 2; start++) {
    const file = openDatabaseFile(path, [first, second], "full");
    assert.deepEqual({ ...file.sql.prepare("select * from note").get() }, { text: "kept", author: null });
    assert.equal(file.sql.prepare("pragma user_version").get()?.["user_version"], 2);
    file.close();
  }
  assert.throws(() => openDatabaseFile(path, [first], "full"), { kind: "conflict", message: /schema 2/ });
});

test("a migration that fails leaves the file at the version before all of them", (t) => {
  const path = newPath(t);
  openDatabaseFile(path, [first], "full").close();
  assert.throws(() => openDatabaseFile(path, [first, second, "create nonsense"], "full"), /syntax error/);
  const file = openDatabaseFile(path, [first, second], "full");
  assert.equal(file.sql.prepare("pragma user_version").get()?.["user_version"], 2);
  file.close();
});

test("the file is in WAL mode with 8 KiB pages and syncs as told", (t) => {
  for (const [durability, synchronous] of [
    ["full", 2],
    ["normal", 1],
  ] as const) {
    const { sql, close } = openDatabaseFile(newPath(t), [first], durability);
    const pragma = (name: string) => sql.prepare(`pragma ${name}`).get()?.[name];
    assert.deepEqual([pragma("journal_mode"), pragma("page_size")], ["wal", 8192]);
    assert.equal(pragma("synchronous"), synchronous);
    close();
  }
});

test("a write is whole or absent, and the next one works", (t) => {
  const file = openDatabaseFile(newPath(t), [first], "full");
  t.after(() => file.close());
  const insert = file.sql.prepare("insert into note values (?)");
  const bug = new Error("a bug");
  const half = () => {
    insert.run("half");
    throw bug;
  };
  assert.throws(() => file.write(half), bug);
  file.write(() => insert.run("whole"));
  assert.equal(file.sql.prepare("select count(*) as rows from note").get()?.["rows"], 1);
});

test("a full file makes a write unavailable, undoes it, and is usable again with space", (t) => {
  const file = openDatabaseFile(newPath(t), [first], "full");
  t.after(() => file.close());
  const insert = file.sql.prepare("insert into note values (?)");
  const large = () => {
    insert.run("small");
    insert.run("x".repeat(1_000_000));
  };
  file.sql.exec("pragma max_page_count = 10");
  assert.throws(() => file.write(large), { kind: "unavailable", message: /the disk is full/ });
  assert.equal(file.sql.isTransaction, false);
  assert.equal(file.sql.prepare("select count(*) as rows from note").get()?.["rows"], 0);
  file.sql.exec("pragma max_page_count = 1000000");
  file.write(large);
  assert.equal(file.sql.prepare("select count(*) as rows from note").get()?.["rows"], 2);
});
