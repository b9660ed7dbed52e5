import assert from "node:assert/strict";
import type { Promises } from "./trial.ts";
import { changeOf, commitOf, dayMs, startMs } from "./trial.ts";
import { deletedDays, historyDays } from "../store.ts";
import type { Commit, EntryChange, Store } from "../store.ts";

const keptPromises: Promises = {
  "an entry is any JSON value under its workspace, collection and key": async ({ store }) => {
    const values = [{ a: [1, null] }, "text", "", 0, false, [], {}];
    const entries = values.map((value, at) => entryOf(`k${at}`, { value }));
    await store.commit(commitOf({ entries }));
    for (const [at, value] of values.entries()) {
      assert.deepEqual(await store.entries.get("ws_a", "plans", `k${at}`), value);
    }
    assert.equal(await store.entries.get("ws_b", "plans", "k0"), undefined);
    assert.equal(await store.entries.get("ws_a", "other", "k0"), undefined);
    assert.deepEqual(await store.entries.list("ws_b", "plans", 10), []);
    assert.deepEqual(await store.entries.list("ws_a", "other", 10), []);
  },

  "an entry is replaced by a later one, and removed by null": async ({ store }) => {
    await store.commit(commitOf({ entries: [entryOf("k", { value: 1 })] }));
    await store.commit(commitOf({ entries: [entryOf("k", { value: 2, expiresAt: startMs + 9 })] }));
    assert.deepEqual(await store.entries.list("ws_a", "plans", 10), [
      { key: "k", value: 2, expiresAt: startMs + 9 },
    ]);
    await store.commit(
      commitOf({ entries: [entryOf("k", { value: null }), entryOf("absent", { value: null })] }),
    );
    assert.equal(await store.entries.get("ws_a", "plans", "k"), undefined);
  },

  "an entry is gone from its expiresAt on, and then may be new again": async ({ store, time }) => {
    const entry = entryOf("k", { value: 1, expiresAt: startMs + 1000, mustBeNew: true });
    await store.commit(commitOf({ entries: [entry] }));
    time.ms = startMs + 999;
    assert.equal(await store.entries.get("ws_a", "plans", "k"), 1);
    await assert.rejects(store.commit(commitOf({ entries: [entry] })), { kind: "conflict" });
    time.ms = startMs + 1000;
    assert.equal(await store.entries.get("ws_a", "plans", "k"), undefined);
    assert.deepEqual(await store.entries.list("ws_a", "plans", 10), []);
    await store.commit(commitOf({ entries: [{ ...entry, value: 2, expiresAt: startMs + 2000 }] }));
    assert.equal(await store.entries.get("ws_a", "plans", "k"), 2);
  },

  "entries are listed by key, at most as many as asked for": async ({ store }) => {
    await store.commit(
      commitOf({ entries: ["b", "d", "a", "c"].map((key) => entryOf(key, { value: key })) }),
    );
    const keys = async (limit: number, after?: string) =>
      (await store.entries.list("ws_a", "plans", limit, after)).map(({ key }) => key);
    assert.deepEqual(await keys(3), ["a", "b", "c"]);
    assert.deepEqual(await keys(10), ["a", "b", "c", "d"]);
    assert.deepEqual(await keys(2, "a"), ["b", "c"]);
    assert.deepEqual(await keys(10, "bb"), ["c", "d"]);
    assert.deepEqual(await keys(10, "d"), []);
  },

  "of two commits with one new entry, one is made": async ({ store }) => {
    const once = commitOf({ entries: [entryOf("k", { mustBeNew: true })] });
    const results = await Promise.allSettled([store.commit(once), store.commit(once)]);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  },
};

const sweepPromises: Promises = {
  "a sweep removes expired entries, some at a time, and leaves live ones": async ({ store, time }) => {
    const entries = Array.from({ length: 7 }, (_, n) =>
      entryOf(`k${n}`, { value: n, expiresAt: startMs + 10 + n }),
    );
    await store.commit(commitOf({ entries }));
    time.ms = startMs + 15;
    assert.deepEqual(await sweeps(store, 4), [4, 2]);
    time.ms = startMs;
    assert.deepEqual(
      (await store.entries.list("ws_a", "plans", 10)).map(({ key }) => key),
      ["k6"],
    );
  },

  "history and audit rows are kept 400 days, and live records for ever": async ({ store, time }) => {
    assert.equal(historyDays, 400);
    await store.commit(
      commitOf({ records: [changeOf("th_1", { value: { a: 1 } })], audit: auditOf("aud_1") }),
    );
    const later = { at: startMs + dayMs, records: [changeOf("th_1", { expected: 1, value: { a: 2 } })] };
    await store.commit(commitOf({ ...later, audit: auditOf("aud_2") }));
    time.ms = startMs + historyDays * dayMs;
    assert.deepEqual(await sweeps(store, 100), [0]);
    time.ms += 1;
    assert.deepEqual(await sweeps(store, 1), [1, 1, 0]);
    const versions = (await store.records.history("ws_a", "thing", "th_1", 10)).map(({ version }) => version);
    assert.deepEqual(versions, [2]);
    const rows = (await store.audit.list("ws_a", { limit: 10 })).map(({ id }) => id);
    assert.deepEqual(rows, ["aud_2"]);
    time.ms += historyDays * dayMs;
    await sweeps(store, 100);
    assert.deepEqual((await store.records.get("ws_a", "thing", "th_1"))?.value, { a: 2 });
  },

  "a deleted record, with its secrets, goes after 7 days, and its history stays": async ({ store, time }) => {
    assert.equal(deletedDays, 7);
    const secrets = { key: "eA" };
    await store.commit(commitOf({ records: [changeOf("th_1", { secrets })] }));
    const at = startMs + dayMs;
    const deleted = [changeOf("th_1", { expected: 1, secrets, deletedAt: at })];
    await store.commit(commitOf({ at, records: deleted, audit: auditOf("aud_1") }));
    time.ms = at + deletedDays * dayMs;
    assert.deepEqual(await sweeps(store, 100), [0]);
    assert.deepEqual((await store.records.get("ws_a", "thing", "th_1", "deleted too"))?.secrets, secrets);
    time.ms += 1;
    assert.deepEqual(await sweeps(store, 1), [1, 0]);
    assert.equal(await store.records.get("ws_a", "thing", "th_1", "deleted too"), undefined);
    assert.equal((await store.records.history("ws_a", "thing", "th_1", 10)).length, 2);
    assert.equal((await store.audit.changes("ws_a", "aud_1")).length, 1);
    await assert.rejects(store.commit(commitOf({ records: [changeOf("th_1")] })), { kind: "conflict" });
  },
};

export const entryPromises: Promises = { ...keptPromises, ...sweepPromises };

function auditOf(id: string): Commit["audit"] {
  return { id, subjects: [], detail: {} };
}

function entryOf(key: string, parts: Partial<EntryChange>): EntryChange {
  return { collection: "plans", key, value: 1, expiresAt: startMs + dayMs, mustBeNew: false, ...parts };
}

/** Sweeps until nothing is left to remove; answers what each sweep removed. */
async function sweeps(store: Store, limit: number): Promise<readonly number[]> {
  const removed = await store.sweep(limit);
  return removed < limit ? [removed] : [removed, ...(await sweeps(store, limit))];
}
