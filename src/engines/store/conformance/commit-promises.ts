import assert from "node:assert/strict";
import { Failure } from "../../../kernel/failure.ts";
import type { Promises, Trial } from "./trial.ts";
import { changeOf, commitOf, startMs } from "./trial.ts";
import { commitRecordsMax } from "../store.ts";
import type { Commit, EntryChange, RecordChange, Snapshot, Store } from "../store.ts";

const token = changeOf("th_1", {
  value: { name: "one" },
  secrets: { key: "eA" },
  fingerprints: { key: "f1" },
  keys: { slug: "a" },
  globalKeys: { token: "t" },
  indexes: { color: "red" },
});

const wholePromises: Promises = {
  "what was committed is there after the store was closed and opened again": async (trial) => {
    await trial.store.commit(everything("1", token));
    const before = await allOf(trial.store);
    assert.deepEqual(await allOf(await trial.reopen()), before);
    assert.equal(before.records.length, 2);
  },

  "records may swap unique keys in one commit": async ({ store }) => {
    const [one, two] = [
      { keys: { slug: "a" }, globalKeys: { token: "t" } },
      { keys: { slug: "b" }, globalKeys: {} },
    ];
    await store.commit(commitOf({ records: [changeOf("th_1", one), changeOf("th_2", two)] }));
    const swapped = [changeOf("th_1", { ...two, expected: 1 }), changeOf("th_2", { ...one, expected: 1 })];
    await store.commit(commitOf({ records: swapped }));
    assert.equal((await store.records.byKey("ws_a", "thing", "slug", "a"))?.id, "th_2");
    assert.equal((await store.records.byKey("ws_a", "thing", "slug", "b"))?.id, "th_1");
    assert.equal((await store.records.byGlobalKey("thing", "token", "t"))?.id, "th_2");
  },

  "a commit that names a record twice is refused as a whole": async (trial) => {
    const records = [changeOf("th_1"), changeOf("th_1", { expected: 1 })];
    await refused(trial, commitOf({ records }), (error) => !(error instanceof Failure));
  },

  "a value that is no JSON is refused as a whole": async (trial) => {
    const records = [changeOf("th_1"), changeOf("th_2", { value: { count: 1n } })];
    await refused(trial, commitOf({ records }), (error) => !(error instanceof Failure));
  },
};

const conflictPromises: Promises = {
  "a change decided on another version is a conflict that changes nothing": async (trial) => {
    await trial.store.commit(everything("1", token));
    await trial.store.commit(commitOf({ records: [{ ...token, expected: 1 }] }));
    for (const expected of [1, 3]) {
      await refused(trial, everything("2", { ...token, expected }), isConflict(/at version 2, not/));
    }
  },

  "creating what exists, was deleted or is another workspace's is a conflict": async (trial) => {
    const { store } = trial;
    await store.commit(commitOf({ records: [token, changeOf("th_2")] }));
    await store.commit(commitOf({ records: [changeOf("th_2", { expected: 1, deletedAt: startMs })] }));
    await store.commit(commitOf({ workspace: "ws_b", records: [changeOf("th_3")] }));
    for (const id of ["th_1", "th_2", "th_3"]) {
      await refused(trial, everything("2", changeOf(id)), isConflict(new RegExp(`${id}.* taken`), "/id"));
    }
    await store.commit(commitOf({ records: [changeOf("th_1", { kind: "other" })] }));
  },

  "changing what never was, or is another workspace's, is a conflict": async (trial) => {
    await trial.store.commit(commitOf({ workspace: "ws_b", records: [token] }));
    for (const id of ["th_1", "th_9"]) {
      await refused(trial, everything("2", changeOf(id, { expected: 1 })), isConflict(/does not exist/));
    }
  },

  "a commit decided on a record that was changed, deleted or never there changes nothing": async (trial) => {
    const { store } = trial;
    await store.commit(commitOf({ workspace: "ws_b", records: [changeOf("th_b")] }));
    await store.commit(commitOf({ records: [token, changeOf("th_2")] }));
    const holds = ["th_1", "th_2"].map((id) => ({ kind: "thing", id, expected: 1 }));
    await store.commit(commitOf({ holds, records: [changeOf("th_3"), changeOf("th_2", { expected: 1 })] }));
    assert.equal((await store.records.get("ws_a", "thing", "th_1"))?.version, 1);
    await refused(
      trial,
      { ...everything("2", changeOf("th_4")), holds },
      isConflict(/th_2.* at version 2, not/),
    );
    await store.commit(commitOf({ records: [{ ...token, expected: 1, deletedAt: startMs }] }));
    for (const [id, message] of [
      ["th_1", /th_1.* at version 2, not/],
      ["th_9", /does not exist/],
      ["th_b", /does not exist/],
    ] as const) {
      const hold = { kind: "thing", id, expected: 1 };
      await refused(trial, { ...everything("2", changeOf("th_4")), holds: [hold] }, isConflict(message));
      await refused(trial, commitOf({ holds: [hold], entries: [entry("k", 1)] }), isConflict(message));
    }
  },

  "of two commits at one moment that hold what the other changes, one is made": async ({ store }) => {
    await store.commit(commitOf({ records: [changeOf("th_1"), changeOf("th_2")] }));
    const tries = [
      ["th_1", "th_2"],
      ["th_2", "th_1"],
    ].map(([changed = "", held = ""]) =>
      store.commit(
        commitOf({
          holds: [{ kind: "thing", id: held, expected: 1 }],
          records: [changeOf(changed, { expected: 1 })],
        }),
      ),
    );
    const results = await Promise.allSettled(tries);
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
  },

  "of two changes decided on one version, one is made": async ({ store }) => {
    await store.commit(commitOf({ records: [token] }));
    const change = (name: string) => commitOf({ records: [{ ...token, expected: 1, value: { name } }] });
    const results = await Promise.allSettled(["x", "y"].map((name) => store.commit(change(name))));
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
    assert.equal((await store.records.get("ws_a", "thing", "th_1"))?.version, 2);
  },

  "an entry that was to be new and exists is a conflict that changes nothing": async (trial) => {
    await trial.store.commit(commitOf({ entries: [entry("k", 1)] }));
    const commit = {
      ...everything("1", token),
      entries: [entry("other", 2), { ...entry("k", 2), mustBeNew: true }],
    };
    await refused(trial, commit, isConflict(/exists already/));
  },
};

const keyConflictPromises: Promises = {
  "a taken unique key is a conflict that points at it and changes nothing": async (trial) => {
    await trial.store.commit(everything("1", token));
    const other = { ...token, id: "th_2", globalKeys: {} };
    await refused(trial, everything("2", other), isConflict(/slug is taken by another thing/, "/slug"));
    const odd = { "a/b~c": "x" };
    await trial.store.commit(commitOf({ records: [changeOf("th_3", { keys: odd })] }));
    await refused(trial, everything("2", changeOf("th_4", { keys: odd })), isConflict(/taken/, "/a~1b~0c"));
  },

  "a change into a taken key changes nothing, not the record's own keys either": async (trial) => {
    await trial.store.commit(commitOf({ records: [token, changeOf("th_2", { keys: { slug: "b" } })] }));
    const into = changeOf("th_2", { expected: 1, keys: { slug: "a" } });
    await refused(trial, everything("2", into), isConflict(/taken/, "/slug"));
    assert.equal((await trial.store.records.byKey("ws_a", "thing", "slug", "b"))?.id, "th_2");
  },

  "two new records with one key are a conflict within their commit": async (trial) => {
    const records = [changeOf("th_1", { keys: { slug: "a" } }), changeOf("th_2", { keys: { slug: "a" } })];
    await refused(trial, commitOf({ records }), isConflict(/taken/, "/slug"));
  },

  "a unique key is per workspace, kind and name; a global key per kind and name": async (trial) => {
    const { store } = trial;
    const both = { keys: { slug: "a" }, globalKeys: { token: "t" } };
    await store.commit(commitOf({ records: [changeOf("th_1", both)] }));
    const free = [
      changeOf("th_2", { keys: { slug: "b", name: "a" }, globalKeys: { token: "u", name: "t" } }),
      changeOf("ot_1", { ...both, kind: "other" }),
    ];
    await store.commit(commitOf({ records: free }));
    await store.commit(commitOf({ workspace: "ws_b", records: [changeOf("th_3", { keys: both.keys })] }));
    const elsewhere = { ...everything("2", changeOf("th_4", both)), workspace: "ws_c" };
    await refused(trial, elsewhere, isConflict(/token is taken/, "/token"));
  },

  "a key freed by a deletion may be taken, and then the deletion cannot be undone with it": async (trial) => {
    const { store } = trial;
    await store.commit(commitOf({ records: [token] }));
    await store.commit(commitOf({ records: [{ ...token, expected: 1, deletedAt: startMs }] }));
    await store.commit(commitOf({ records: [{ ...token, id: "th_2" }] }));
    await refused(trial, commitOf({ records: [{ ...token, expected: 2 }] }), isConflict(/taken/, "/slug"));
  },
};

const limitPromises: Promises = {
  "a limit counts the live records that match with those of the commit, and passing it changes nothing":
    async (trial) => {
      const { store } = trial;
      const red = { indexes: { color: "red" } };
      const limits = [{ kind: "thing", where: { color: "red" }, max: 2 }];
      const others = [
        changeOf("th_blue", { indexes: { color: "blue" } }),
        changeOf("ot_1", { ...red, kind: "other" }),
      ];
      await store.commit(commitOf({ records: others }));
      await store.commit(commitOf({ workspace: "ws_b", records: [changeOf("th_b", red)] }));
      await store.commit(commitOf({ limits, records: [changeOf("th_1", red), changeOf("th_2", red)] }));
      const more = { ...everything("2", changeOf("th_3")), limits };
      await refused(trial, more, isConflict(/more than 2 of thing/));
      await store.commit(commitOf({ records: [changeOf("th_1", { expected: 1, deletedAt: startMs })] }));
      await store.commit(commitOf({ limits, records: [changeOf("th_3", red)] }));
      const all = [{ kind: "thing", where: {}, max: 3 }];
      await store.commit(commitOf({ limits: all, records: [changeOf("th_3", { ...red, expected: 1 })] }));
      await refused(trial, commitOf({ limits: all, records: [changeOf("th_4")] }), isConflict(/more than 3/));
    },

  "of commits at the same moment, no more are made than a limit allows": async ({ store }) => {
    const limits = [{ kind: "thing", where: {}, max: 3 }];
    const tries = Array.from({ length: 8 }, (_, n) =>
      store.commit(commitOf({ limits, records: [changeOf(`th_${n}`)] })),
    );
    const results = await Promise.allSettled(tries);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 3);
    assert.equal(await store.records.count("ws_a", "thing"), 3);
  },

  "a commit of more records than one may change is refused as a whole": async (trial) => {
    const records = Array.from({ length: commitRecordsMax + 1 }, (_, n) => changeOf(`th_${n}`));
    await refused(trial, commitOf({ records }), (error) => error instanceof RangeError);
  },
};

const historyPromises: Promises = {
  "history tells who changed what, newest first": async ({ store }) => {
    const key = { kind: "key", id: "key_1" } as const;
    await store.commit(commitOf({ operation: "create", records: [changeOf("th_1", { value: { a: 1 } })] }));
    const changed = changeOf("th_1", { expected: 1, value: { a: 2 } });
    await store.commit(commitOf({ at: startMs + 1, actor: key, operation: "update", records: [changed] }));
    const about = { kind: "thing", id: "th_1" };
    const user = { kind: "user", id: "usr_1" } as const;
    const history = [
      {
        ...about,
        version: 2,
        at: startMs + 1,
        actor: key,
        operation: "update",
        before: stateOf({ a: 1 }),
        after: stateOf({ a: 2 }),
        restores: null,
        audit: null,
      },
      {
        ...about,
        version: 1,
        at: startMs,
        actor: user,
        operation: "create",
        before: null,
        after: stateOf({ a: 1 }),
        restores: null,
        audit: null,
      },
    ];
    assert.deepEqual(await store.records.history("ws_a", "thing", "th_1", 10), history);
    assert.deepEqual(await store.records.history("ws_a", "thing", "th_1", 1), history.slice(0, 1));
  },

  "a deletion has no after, and coming back has no before": async ({ store }) => {
    const value = { a: 1 };
    await store.commit(commitOf({ records: [changeOf("th_1", { value })] }));
    await store.commit(commitOf({ records: [changeOf("th_1", { expected: 1, value, deletedAt: startMs })] }));
    await store.commit(commitOf({ records: [changeOf("th_1", { expected: 2, value, restores: 1 })] }));
    const history = await store.records.history("ws_a", "thing", "th_1", 10);
    assert.deepEqual(
      history.map(({ before, after, restores }) => [before, after, restores]),
      [
        [null, stateOf(value), 1],
        [stateOf(value), null, null],
        [null, stateOf(value), null],
      ],
    );
  },

  "history shows that a secret changed, was kept or removed, never its text": async ({ store }) => {
    const steps = [
      {
        expected: 0,
        secrets: { key: "sealed-1", hook: "sealed-2" },
        fingerprints: { key: "f1", hook: "h1" },
      },
      { expected: 1, secrets: { key: "sealed-3", hook: "sealed-2" }, fingerprints: { key: "f2" } },
      { expected: 2, secrets: { hook: "sealed-2" } },
    ];
    for (const step of steps) {
      await store.commit(commitOf({ records: [changeOf("th_1", { ...step, value: { a: 1 } })] }));
    }
    const history = await store.records.history("ws_a", "thing", "th_1", 10);
    assert.deepEqual(
      history.map(({ after }) => after),
      [
        stateOf({ a: 1 }, { hook: "h1" }),
        stateOf({ a: 1 }, { hook: "h1", key: "f2" }),
        stateOf({ a: 1 }, { hook: "h1", key: "f1" }),
      ],
    );
    assert.deepEqual(history[0]?.before, history[1]?.after);
    assert.ok(!JSON.stringify(history).includes("sealed"));
  },

  "a secret of the same name as a plain field hides nothing of it": async ({ store }) => {
    const both = { value: { key: "plain" }, secrets: { key: "sealed" }, fingerprints: { key: "f1" } };
    await store.commit(commitOf({ records: [changeOf("th_1", both)] }));
    const [change] = await store.records.history("ws_a", "thing", "th_1", 1);
    assert.deepEqual(change?.after, stateOf({ key: "plain" }, { key: "f1" }));
  },

  "a deleted record comes back with its secrets and keys": async ({ store }) => {
    await store.commit(commitOf({ records: [token] }));
    await store.commit(commitOf({ records: [{ ...token, expected: 1, deletedAt: startMs }] }));
    const deleted = await store.records.get("ws_a", "thing", "th_1", "deleted too");
    assert.deepEqual(deleted?.secrets, token.secrets);
    await store.commit(commitOf({ records: [{ ...token, expected: 2, fingerprints: {} }] }));
    assert.deepEqual((await store.records.byKey("ws_a", "thing", "slug", "a"))?.secrets, token.secrets);
    assert.equal((await store.records.byGlobalKey("thing", "token", "t"))?.id, "th_1");
    assert.equal(
      (await store.records.find("ws_a", "thing", { where: { color: "red" }, limit: 1 })).length,
      1,
    );
    const [change] = await store.records.history("ws_a", "thing", "th_1", 1);
    assert.deepEqual(change?.after, stateOf({ name: "one" }, { key: "f1" }));
  },
};

function stateOf(value: Snapshot["value"], fingerprints: Snapshot["fingerprints"] = {}): Snapshot {
  return { value, fingerprints };
}

export const commitPromises: Promises = {
  ...wholePromises,
  ...conflictPromises,
  ...keyConflictPromises,
  ...limitPromises,
  ...historyPromises,
};

/** A commit of every kind of thing, so that a refusal has much to undo. */
function everything(mark: string, record: RecordChange): Commit {
  return commitOf({
    records: [
      changeOf(`th_new_${mark}`, { keys: { slug: `new-${mark}` }, indexes: { color: "red" } }),
      record,
    ],
    entries: [entry(`entry-${mark}`, mark)],
    outbox: [{ id: `msg_${mark}`, name: "changed", payload: mark }],
    audit: { id: `aud_${mark}`, subjects: [record.id], detail: { mark } },
  });
}

function entry(key: string, value: unknown): EntryChange {
  return { collection: "c", key, value, expiresAt: startMs + 1000, mustBeNew: false };
}

async function refused(
  { store }: Trial,
  commit: Commit,
  expected: (error: unknown) => boolean,
): Promise<void> {
  const before = await allOf(store);
  let told = 0;
  const stop = store.onChange(() => told++);
  await assert.rejects(store.commit(commit), expected);
  stop();
  assert.deepEqual(await allOf(store), before);
  assert.equal(told, 0);
}

function isConflict(message: RegExp, pointer?: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, "conflict");
    assert.match(error.message, message);
    assert.equal(error.detail.pointer, pointer);
    assert.ok(error.detail.hint);
    return true;
  };
}

/** All that the interface tells of what these tests write. */
async function allOf(store: Store) {
  const limit = 1000;
  const [things, others] = [
    await store.records.every("thing", { limit }),
    await store.records.every("other", { limit }),
  ];
  const records = [...things, ...others];
  const workspaces = ["ws_a", "ws_b", "ws_c"];
  const each = <T>(read: (workspace: string) => Promise<T>) => Promise.all(workspaces.map(read));
  return {
    records,
    deleted: await each((workspace) => store.records.get(workspace, "thing", "th_2", "deleted too")),
    histories: await Promise.all(
      records.map(({ workspace, kind, id }) => store.records.history(workspace, kind, id, limit)),
    ),
    bySlug: await each((workspace) =>
      Promise.all(
        ["a", "b", "new-1", "new-2"].map((slug) => store.records.byKey(workspace, "thing", "slug", slug)),
      ),
    ),
    byToken: await store.records.byGlobalKey("thing", "token", "t"),
    red: await each((workspace) =>
      store.records.find(workspace, "thing", { limit, where: { color: "red" } }),
    ),
    counts: await each((workspace) => store.records.count(workspace, "thing")),
    entries: await each((workspace) => store.entries.list(workspace, "c", limit)),
    audit: await each((workspace) => store.audit.list(workspace, { limit })),
    outbox: await store.outbox.pending(limit),
  };
}
