import assert from "node:assert/strict";
import type { Promises } from "./trial.ts";
import { changeOf, commitOf, startMs } from "./trial.ts";
import type { AuditQuery, StoredRecord } from "../store.ts";

const auditPromises: Promises = {
  "an audit row tells who did what to which subjects": async ({ store }) => {
    const audit = { id: "aud_1", subjects: ["th_1", "th_2"], detail: { surface: "rest", input: { a: [1] } } };
    const actor = { kind: "key", id: "key_1" } as const;
    await store.commit(commitOf({ actor, operation: "create_thing", audit }));
    const row = { ...audit, workspace: "ws_a", at: startMs, actor, operation: "create_thing" };
    assert.deepEqual(await store.audit.list("ws_a", { limit: 10 }), [row]);
  },

  "audit rows are listed newest first, in pages, of one workspace only": async ({ store }) => {
    // Neither ids nor times are in commit order, as with two processes or a clock that steps back.
    for (const [n, id] of ["aud_5", "aud_1", "aud_4", "aud_2", "aud_3"].entries()) {
      const audit = { id, subjects: [], detail: {} };
      await store.commit(commitOf({ at: startMs - n, audit }));
      await store.commit(commitOf({ workspace: "ws_b", audit: { ...audit, id: `${id}_b` } }));
    }
    const list = async (limit: number, before?: string) =>
      (await store.audit.list("ws_a", { limit, ...(before !== undefined && { before }) })).map(
        ({ id }) => id,
      );
    assert.deepEqual(await list(10), ["aud_3", "aud_2", "aud_4", "aud_1", "aud_5"]);
    assert.deepEqual(await list(2), ["aud_3", "aud_2"]);
    assert.deepEqual(await list(2, "aud_2"), ["aud_4", "aud_1"]);
    assert.deepEqual(await list(2, "aud_1"), ["aud_5"]);
    assert.deepEqual(await list(10, "aud_5"), []);
    assert.deepEqual(await list(10, "aud_3_b"), []);
    assert.deepEqual(await store.audit.list("ws_c", { limit: 10 }), []);
  },

  "audit rows are found by operation, actor, subject and time, alone and together": async ({ store }) => {
    const key = { kind: "key", id: "key_1" } as const;
    const user = { kind: "user", id: "usr_1" } as const;
    for (const [n, [operation, actor, subjects]] of (
      [
        ["create", key, ["th_1"]],
        ["update", user, ["th_1", "th_2", "th_1"]],
        ["update", key, ["th_2"]],
        ["create", key, []],
        ["update", key, ["th_2"]],
      ] as const
    ).entries()) {
      const audit = { id: `aud_${n}`, subjects, detail: {} };
      await store.commit(commitOf({ at: startMs + n, operation, actor, audit }));
      await store.commit(commitOf({ workspace: "ws_b", operation, actor, audit }));
    }
    const found = async (query: Partial<AuditQuery>) =>
      (await store.audit.list("ws_a", { limit: 10, ...query })).map(({ id }) => id.slice(4)).join("");
    assert.equal(await found({}), "43210");
    assert.equal(await found({ where: {} }), "43210");
    assert.equal(await found({ where: { operation: "update" } }), "421");
    assert.equal(await found({ where: { actor: "key_1" } }), "4320");
    assert.equal(await found({ where: { subject: "th_1" } }), "10");
    assert.equal(await found({ where: { subject: "th_2" } }), "421");
    assert.equal(await found({ where: { subject: "th_2" }, limit: 2 }), "42");
    assert.equal(await found({ where: { since: startMs + 3 } }), "43");
    assert.equal(await found({ where: { operation: "nothing" } }), "");
    const all = { operation: "update", actor: "key_1", subject: "th_2", since: startMs + 2 };
    assert.equal(await found({ where: all }), "42");
    assert.equal(await found({ where: all, before: "aud_4" }), "2");
  },

  "an audit row is found by its id, in its workspace only, with all that its commit changed": async (
    trial,
  ) => {
    const { store } = trial;
    const audit = { id: "aud_1", subjects: ["th_1"], detail: { surface: "rest" } };
    await store.commit(commitOf({ records: [changeOf("th_1", { value: { a: 1 } })] }));
    const records = [changeOf("th_2"), changeOf("th_1", { expected: 1, value: { a: 2 } })];
    await store.commit(commitOf({ records, audit }));
    await store.commit(
      commitOf({ records: [changeOf("th_1", { expected: 2 })], audit: { ...audit, id: "aud_2" } }),
    );
    assert.deepEqual(
      await store.audit.get("ws_a", "aud_1"),
      (await store.audit.list("ws_a", { limit: 2 }))[1],
    );
    const changes = await store.audit.changes("ws_a", "aud_1");
    assert.deepEqual(
      changes.map(({ id, version, audit: by }) => [id, version, by]),
      [
        ["th_1", 2, "aud_1"],
        ["th_2", 1, "aud_1"],
      ],
    );
    assert.deepEqual(changes[0], (await store.records.history("ws_a", "thing", "th_1", 2))[1]);
    for (const [workspace, id] of [
      ["ws_b", "aud_1"],
      ["ws_a", "aud_9"],
    ] as const) {
      assert.equal(await store.audit.get(workspace, id), undefined);
      assert.deepEqual(await store.audit.changes(workspace, id), []);
    }
  },

  "a commit without audit leaves no audit row": async ({ store }) => {
    await store.commit(commitOf({ records: [changeOf("th_1")] }));
    assert.deepEqual(await store.audit.list("ws_a", { limit: 10 }), []);
  },
};

const outboxPromises: Promises = {
  "messages are pending in commit order across workspaces until they are done": async (trial) => {
    await trial.store.commit(commitOf({ outbox: [messageOf("msg_3"), messageOf("msg_1")] }));
    await trial.store.commit(commitOf({ workspace: "ws_b", outbox: [messageOf("msg_2")] }));
    const store = await trial.reopen();
    const all = [
      { ...messageOf("msg_3"), workspace: "ws_a" },
      { ...messageOf("msg_1"), workspace: "ws_a" },
      { ...messageOf("msg_2"), workspace: "ws_b" },
    ];
    assert.deepEqual(await store.outbox.pending(10), all);
    assert.deepEqual(await store.outbox.pending(2), all.slice(0, 2));
    await store.outbox.done(["msg_1", "msg_unknown"]);
    assert.deepEqual(await store.outbox.pending(10), [all[0], all[2]]);
    await store.outbox.done(["msg_1", "msg_3", "msg_2"]);
    assert.deepEqual(await store.outbox.pending(10), []);
    await store.commit(commitOf({ outbox: [messageOf("msg_4"), messageOf("msg_0")] }));
    const ids = (await store.outbox.pending(10)).map(({ id }) => id);
    assert.deepEqual(ids, ["msg_4", "msg_0"]);
  },
};

const listenerPromises: Promises = {
  "listeners are called before commit resolves, with the records as they are stored": async ({ store }) => {
    const calls: (readonly StoredRecord[])[] = [];
    store.onChange((changed) => calls.push(changed));
    const value: Record<string, unknown> = { a: 1, absent: undefined };
    const committing = store.commit(commitOf({ records: [changeOf("th_1", { value }), changeOf("th_2")] }));
    let callsBefore = -1;
    await committing.then(() => (callsBefore = calls.length));
    assert.equal(callsBefore, 1);
    value["a"] = 2;
    const get = (id: string) => store.records.get("ws_a", "thing", id, "deleted too");
    assert.deepEqual(calls, [[await get("th_1"), await get("th_2")]]);
    await store.commit(commitOf({ records: [changeOf("th_1", { expected: 1, deletedAt: startMs })] }));
    assert.deepEqual(calls[1], [await get("th_1")]);
  },

  "a commit without records calls nobody": async ({ store }) => {
    let calls = 0;
    store.onChange(() => calls++);
    await store.commit(commitOf({ outbox: [{ id: "msg_1", name: "n", payload: "" }] }));
    assert.equal(calls, 0);
  },

  "a listener is called until it is stopped, and stopping it leaves the others": async ({ store }) => {
    const calls: string[] = [];
    const listener = () => calls.push("twice");
    const stop = store.onChange(listener);
    store.onChange(listener);
    await store.commit(commitOf({ records: [changeOf("th_1")] }));
    stop();
    stop();
    await store.commit(commitOf({ records: [changeOf("th_2")] }));
    assert.equal(calls.length, 3);
  },

  "a listener that throws neither fails the commit nor stops the others": async ({ store }) => {
    const calls: string[] = [];
    store.onChange(() => calls.push("first"));
    store.onChange(() => {
      throw new Error("a listener's bug");
    });
    store.onChange(() => calls.push("last"));
    await store.commit(commitOf({ records: [changeOf("th_1")] }));
    assert.deepEqual(calls, ["first", "last"]);
    assert.notEqual(await store.records.get("ws_a", "thing", "th_1"), undefined);
  },

  "a listener may commit": async ({ store }) => {
    let inner: Promise<void> | undefined;
    store.onChange((changed) => {
      if (changed.some(({ id }) => id === "th_1"))
        inner = store.commit(commitOf({ records: [changeOf("th_2")] }));
    });
    await store.commit(commitOf({ records: [changeOf("th_1")] }));
    await inner;
    assert.equal(await store.records.count("ws_a", "thing"), 2);
  },
};

const leasePromises: Promises = {
  "a process that is alone has every lease, and keeps it": async ({ store, reopen }) => {
    for (const name of ["a", "b", "a"]) assert.equal(await store.lease(name, 60_000), true);
    assert.equal(await (await reopen()).lease("a", 60_000), true);
  },

  "what is told is no older than the feed says": async ({ store }) => {
    assert.ok(Number.isFinite(store.feed.silentMs()));
    assert.ok(store.feed.silentMs() >= 0);
  },
};

/** What a store tells of its commits: audit rows, outbox messages and change listeners. */
export const feedPromises: Promises = {
  ...auditPromises,
  ...outboxPromises,
  ...listenerPromises,
  ...leasePromises,
};

function messageOf(id: string) {
  return { id, name: "changed", payload: `{"id":"${id}"}` };
}
