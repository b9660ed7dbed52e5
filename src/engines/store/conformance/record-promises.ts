import assert from "node:assert/strict";
import type { Promises } from "./trial.ts";
import { changeOf, commitOf, startMs } from "./trial.ts";
import type { RecordQuery, Store } from "../store.ts";

const lifePromises: Promises = {
  "a created record is read back as it was given, at version 1": async ({ store }) => {
    const value = { name: "Größe", nested: { list: [1, "two", null, true] }, empty: "" };
    const secrets = { token: "c2VhbGVk" };
    await store.commit(commitOf({ records: [changeOf("th_1", { value, secrets })] }));
    assert.deepEqual(await store.records.get("ws_a", "thing", "th_1"), {
      workspace: "ws_a",
      kind: "thing",
      id: "th_1",
      version: 1,
      createdAt: startMs,
      updatedAt: startMs,
      deletedAt: null,
      value,
      secrets,
    });
  },

  "a change replaces value and secrets, counts the version and keeps createdAt": async ({ store }) => {
    await store.commit(
      commitOf({ records: [changeOf("th_1", { value: { a: 1, b: 2 }, secrets: { s: "eA" } })] }),
    );
    await store.commit(
      commitOf({ at: startMs + 5, records: [changeOf("th_1", { expected: 1, value: { a: 3 } })] }),
    );
    const record = await store.records.get("ws_a", "thing", "th_1");
    assert.deepEqual(record?.value, { a: 3 });
    assert.deepEqual(record.secrets, {});
    assert.deepEqual([record.version, record.createdAt, record.updatedAt], [2, startMs, startMs + 5]);
  },

  "a soft-deleted record is found only when asked for": async ({ store }) => {
    await store.commit(
      commitOf({ records: [changeOf("th_1", { value: { a: 1 }, indexes: { color: "red" } })] }),
    );
    const gone = changeOf("th_1", { expected: 1, value: { a: 1 }, deletedAt: startMs + 1 });
    await store.commit(commitOf({ at: startMs + 1, records: [gone] }));
    assert.equal(await store.records.get("ws_a", "thing", "th_1"), undefined);
    const deleted = await store.records.get("ws_a", "thing", "th_1", "deleted too");
    assert.deepEqual([deleted?.deletedAt, deleted?.version, deleted?.value], [startMs + 1, 2, { a: 1 }]);
    assert.deepEqual(await store.records.find("ws_a", "thing", { limit: 10 }), []);
    assert.deepEqual(await store.records.find("ws_a", "thing", { limit: 10, where: { color: "red" } }), []);
    assert.deepEqual(await store.records.every("thing", { limit: 10 }), []);
    assert.equal(await store.records.count("ws_a", "thing"), 0);
  },

  "a deleted record comes back with its keys by a change with deletedAt null": async ({ store }) => {
    const parts = { keys: { slug: "a" }, globalKeys: { token: "t" }, indexes: { color: "red" } };
    await store.commit(commitOf({ records: [changeOf("th_1", parts)] }));
    await store.commit(
      commitOf({ records: [changeOf("th_1", { ...parts, expected: 1, deletedAt: startMs })] }),
    );
    await store.commit(commitOf({ records: [changeOf("th_1", { ...parts, expected: 2 })] }));
    assert.equal((await store.records.get("ws_a", "thing", "th_1"))?.version, 3);
    assert.equal((await store.records.byKey("ws_a", "thing", "slug", "a"))?.id, "th_1");
    assert.equal((await store.records.byGlobalKey("thing", "token", "t"))?.id, "th_1");
    assert.deepEqual(await ids(store, { limit: 10, where: { color: "red" } }), ["th_1"]);
  },

  "a record of another workspace or kind is like one that never was": async ({ store }) => {
    const parts = { keys: { slug: "a" }, indexes: { color: "red" } };
    await store.commit(commitOf({ records: [changeOf("th_1", parts)] }));
    for (const [workspace, kind] of [
      ["ws_b", "thing"],
      ["ws_a", "other"],
      ["", "thing"],
    ] as const) {
      assert.equal(await store.records.get(workspace, kind, "th_1"), undefined);
      assert.equal(await store.records.get(workspace, kind, "th_1", "deleted too"), undefined);
      assert.equal(await store.records.byKey(workspace, kind, "slug", "a"), undefined);
      assert.deepEqual(await store.records.find(workspace, kind, { limit: 10 }), []);
      assert.deepEqual(await store.records.find(workspace, kind, { limit: 10, where: { color: "red" } }), []);
      assert.equal(await store.records.count(workspace, kind), 0);
      assert.deepEqual(await store.records.history(workspace, kind, "th_1", 10), []);
    }
  },
};

const keyPromises: Promises = {
  "a record is found by its keys under their name only": async ({ store }) => {
    const change = changeOf("th_1", { keys: { slug: "a" }, globalKeys: { token: "t" } });
    await store.commit(commitOf({ records: [change] }));
    assert.equal((await store.records.byKey("ws_a", "thing", "slug", "a"))?.id, "th_1");
    assert.equal((await store.records.byGlobalKey("thing", "token", "t"))?.id, "th_1");
    assert.equal(await store.records.byKey("ws_a", "thing", "slug", "A"), undefined);
    assert.equal(await store.records.byKey("ws_a", "thing", "token", "t"), undefined);
    assert.equal(await store.records.byGlobalKey("thing", "slug", "a"), undefined);
    assert.equal(await store.records.byGlobalKey("other", "token", "t"), undefined);
  },

  "a key that a change leaves out, or a deletion frees, is no longer found": async ({ store }) => {
    const parts = { keys: { slug: "a" }, globalKeys: { token: "t" } };
    await store.commit(commitOf({ records: [changeOf("th_1", parts), changeOf("th_2")] }));
    await store.commit(commitOf({ records: [changeOf("th_1", { expected: 1 })] }));
    await store.commit(commitOf({ records: [changeOf("th_2", { ...parts, expected: 1 })] }));
    assert.equal((await store.records.byKey("ws_a", "thing", "slug", "a"))?.id, "th_2");
    await store.commit(
      commitOf({ records: [changeOf("th_2", { ...parts, expected: 2, deletedAt: startMs })] }),
    );
    assert.equal(await store.records.byKey("ws_a", "thing", "slug", "a"), undefined);
    assert.equal(await store.records.byGlobalKey("thing", "token", "t"), undefined);
  },
};

const listPromises: Promises = {
  "find lists newest first, then by id, and pages without gap or repeat": async ({ store }) => {
    // Two at a time share a millisecond, and the pages cut through such pairs.
    for (const [at, id] of ["th_d", "th_b", "th_c", "th_a", "th_e", "th_f", "th_g"].entries()) {
      await store.commit(commitOf({ at: startMs + (at >> 1), records: [changeOf(id)] }));
    }
    const all = ["th_g", "th_f", "th_e", "th_c", "th_a", "th_d", "th_b"];
    assert.deepEqual(await ids(store, { limit: 10 }), all);
    assert.deepEqual(await pages(store, { limit: 3 }), [all.slice(0, 3), all.slice(3, 6), all.slice(6)]);
  },

  "find matches every index asked for, exactly, and pages the same way": async ({ store }) => {
    for (let n = 0; n < 12; n++) {
      const indexes = { color: n % 2 === 0 ? "red" : "Red", size: n % 3 === 0 ? "small" : "large" };
      const id = `th_${String.fromCodePoint(97 + n)}`;
      await store.commit(commitOf({ at: startMs + (n >> 2), records: [changeOf(id, { indexes })] }));
    }
    const reds = ["th_k", "th_i", "th_g", "th_e", "th_c", "th_a"];
    assert.deepEqual(await ids(store, { limit: 10, where: { color: "red" } }), reds);
    assert.deepEqual(await pages(store, { limit: 4, where: { color: "red" } }), [
      reds.slice(0, 4),
      reds.slice(4),
    ]);
    assert.deepEqual(await ids(store, { limit: 10, where: { color: "red", size: "small" } }), [
      "th_g",
      "th_a",
    ]);
    const two = await pages(store, { limit: 1, where: { size: "small", color: "red" } });
    assert.deepEqual(two, [["th_g"], ["th_a"], []]);
    assert.deepEqual(await ids(store, { limit: 10, where: { color: "red", size: "none" } }), []);
    assert.deepEqual(await ids(store, { limit: 10, where: { shade: "red" } }), []);
  },

  "an index follows its record's changes": async ({ store }) => {
    await store.commit(
      commitOf({ records: [changeOf("th_1", { indexes: { color: "red", size: "small" } })] }),
    );
    await store.commit(
      commitOf({ records: [changeOf("th_1", { expected: 1, indexes: { color: "blue" } })] }),
    );
    assert.deepEqual(await ids(store, { limit: 10, where: { color: "red" } }), []);
    assert.deepEqual(await ids(store, { limit: 10, where: { size: "small" } }), []);
    assert.deepEqual(await ids(store, { limit: 10, where: { color: "blue" } }), ["th_1"]);
  },

  "every pages by id across workspaces, and count is of one": async ({ store }) => {
    for (const [workspace, id] of [
      ["ws_b", "th_2"],
      ["ws_a", "th_3"],
      ["ws_c", "th_1"],
      ["ws_a", "th_4"],
    ] as const) {
      await store.commit(commitOf({ workspace, records: [changeOf(id), changeOf(id, { kind: "other" })] }));
    }
    const first = await store.records.every("thing", { limit: 3 });
    assert.deepEqual(
      first.map(({ workspace, id }) => [workspace, id]),
      [
        ["ws_c", "th_1"],
        ["ws_b", "th_2"],
        ["ws_a", "th_3"],
      ],
    );
    const rest = await store.records.every("thing", { limit: 3, after: "th_3" });
    assert.deepEqual(
      rest.map(({ id }) => id),
      ["th_4"],
    );
    assert.equal(await store.records.count("ws_a", "thing"), 2);
  },

  "no list is longer than 1,000, whatever its limit": async ({ store }) => {
    const records = Array.from({ length: 1001 }, (_, n) =>
      changeOf(`th_${n}`, { indexes: { color: "red" } }),
    );
    await store.commit(commitOf({ records }));
    for (const limit of [5000, Number.MAX_SAFE_INTEGER]) {
      assert.equal((await store.records.find("ws_a", "thing", { limit })).length, 1000);
      assert.equal(
        (await store.records.find("ws_a", "thing", { limit, where: { color: "red" } })).length,
        1000,
      );
      assert.equal((await store.records.every("thing", { limit })).length, 1000);
    }
    assert.deepEqual(await store.records.find("ws_a", "thing", { limit: -1 }), []);
    assert.equal(await store.records.count("ws_a", "thing"), 1001);
  },
};

export const recordPromises: Promises = { ...lifePromises, ...keyPromises, ...listPromises };

async function ids(store: Store, query: RecordQuery): Promise<readonly string[]> {
  return (await store.records.find("ws_a", "thing", query)).map(({ id }) => id);
}

/** All pages up to the first that is not full; each starts after the last record of the one before. */
async function pages(store: Store, query: RecordQuery): Promise<readonly (readonly string[])[]> {
  const page = await store.records.find("ws_a", "thing", query);
  const after = page.at(-1);
  const rest =
    page.length < query.limit || after === undefined ? [] : await pages(store, { ...query, after });
  return [page.map(({ id }) => id), ...rest];
}
