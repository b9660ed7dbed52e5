import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { TestContext } from "node:test";
import { test } from "node:test";
import { Failure } from "../../kernel/failure.ts";
import { sqliteStore } from "./sqlite.ts";
import { changeOf, commitOf, startMs } from "./conformance/trial.ts";

const clock = { now: () => startMs };

function newPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-store-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "store.db");
}

/** Every row of every table. */
function dump(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare("select name from sqlite_master where type = 'table' order by name")
      .all();
    return tables.map(({ name }) => [name, database.prepare(`select * from "${String(name)}"`).all()]);
  } finally {
    database.close();
  }
}

const full = commitOf({
  records: [
    changeOf("th_1", { value: { a: 1 }, keys: { slug: "a" }, globalKeys: { t: "t" }, indexes: { c: "r" } }),
  ],
  entries: [{ collection: "c", key: "k", value: 1, expiresAt: startMs + 1, mustBeNew: true }],
  outbox: [{ id: "msg_1", name: "n", payload: "{}" }],
  audit: { id: "aud_1", subjects: [], detail: {} },
});

test("a commit that fails at its last step leaves every table as it was", async (t) => {
  const path = newPath(t);
  const store = sqliteStore(path, clock);
  t.after(() => store.close());
  await store.commit(full);
  const before = dump(path);
  const next = { ...full, records: [changeOf("th_2", { keys: { slug: "b" } })], entries: [], outbox: [] };
  await assert.rejects(store.commit(next), /UNIQUE.*audit/);
  assert.deepEqual(dump(path), before);
  await store.commit({ ...next, audit: null });
  assert.notDeepEqual(dump(path), before);
});

test("while another process writes, a commit is unavailable with a time to try again", async (t) => {
  const path = newPath(t);
  const store = sqliteStore(path, clock);
  const other = new DatabaseSync(path);
  t.after(() => {
    other.close();
    return store.close();
  });
  other.exec("begin immediate");
  const before = dump(path);
  await assert.rejects(store.commit(full), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, "unavailable");
    assert.match(error.message, /locked/);
    assert.ok((error.detail.retryAfterMs ?? 0) > 0);
    return true;
  });
  assert.equal(await store.records.get("ws_a", "thing", "th_1"), undefined);
  other.exec("rollback");
  assert.deepEqual(dump(path), before);
  await store.commit(full);
});

test("a file of a newer version, or of another program, is refused and left alone", async (t) => {
  for (const [content, message] of [
    ["pragma user_version = 99", /schema 99; this version of Sluice knows up to/],
    ["create table notes (text)", /database of another program/],
  ] as const) {
    const path = newPath(t);
    const database = new DatabaseSync(path);
    database.exec(content);
    database.close();
    const before = readFileSync(path);
    assert.throws(() => sqliteStore(path, clock), { kind: "conflict", message });
    assert.deepEqual(readFileSync(path), before);
    assert.deepEqual(readdirSync(join(path, "..")), ["store.db"]);
  }
});

test("a file that is no database, or in no folder, is refused by name", (t) => {
  const path = newPath(t);
  assert.throws(() => sqliteStore(join(path, "deeper"), clock), {
    kind: "unavailable",
    message: /cannot be opened/,
  });
  writeFileSync(
    path,
    "this is a text file, and long enough to be looked at as a database of some kind".repeat(20),
  );
  assert.throws(() => sqliteStore(path, clock), { kind: "unavailable", message: /not a SQLite database/ });
});

test("what a listener throws is reported, once each", async (t) => {
  const bugs: unknown[] = [];
  const store = sqliteStore(newPath(t), clock, (bug) => bugs.push(bug));
  t.after(() => store.close());
  const bug = new Error("a listener's bug");
  store.onChange(() => {
    throw bug;
  });
  store.onChange(() => {
    throw bug;
  });
  await store.commit(full);
  assert.deepEqual(bugs, [bug, bug]);
});

test("without a place to report to, Node warns of what a listener throws", async (t) => {
  const store = sqliteStore(newPath(t), clock);
  t.after(() => store.close());
  const warnings: string[] = [];
  t.mock.method(process, "emitWarning", (warning: Error) => warnings.push(warning.message));
  store.onChange(() => {
    throw new Error("a listener's bug");
  });
  await store.commit(full);
  assert.deepEqual(warnings, ["a listener's bug"]);
});

test("no statement scans a table or sorts", async (t) => {
  const path = newPath(t);
  const prepare = t.mock.method(DatabaseSync.prototype, "prepare");
  const store = sqliteStore(path, clock);
  await store.records.get("w", "k", "i");
  await store.records.byKey("w", "k", "n", "v");
  await store.records.byGlobalKey("k", "n", "v");
  await store.records.every("k", { limit: 1 });
  await store.records.history("w", "k", "i", 1);
  await store.audit.get("w", "aud_1");
  await store.audit.changes("w", "aud_1");
  await store.entries.get("w", "c", "k");
  await store.entries.list("w", "c", 1);
  await store.outbox.pending(1);
  await store.commit({ ...full, limits: [{ kind: "thing", where: { c: "r" }, max: 1 }] });
  for (const where of [{}, { a: "1" }, { a: "1", b: "2" }])
    await store.records.find("w", "k", { limit: 1, where });
  for (const where of [{}, { subject: "s" }, { operation: "o" }, { actor: "a" }, { since: 1 }])
    for (const before of [{}, { before: "aud_1" }])
      await store.audit.list("w", { limit: 1, where, ...before });
  const statements = prepare.mock.calls.map((call) => call.arguments[0]);
  t.mock.restoreAll();
  const database = new DatabaseSync(path);
  t.after(() => {
    database.close();
    return store.close();
  });
  const tried = statements.filter((sql) => !/pragma|sqlite_master/.test(sql));
  const slow = tried.flatMap((sql) => {
    const plan = database.prepare(`explain query plan ${sql}`).all();
    return plan
      .map(({ detail }) => `${String(detail)}: ${sql}`)
      .filter((step) => /^SCAN|TEMP B-TREE/.test(step));
  });
  assert.ok(tried.length > 20);
  // The oldest messages are the first rows of their table.
  assert.deepEqual(
    slow.filter((step) => !step.startsWith("SCAN outbox")),
    [],
  );
});
