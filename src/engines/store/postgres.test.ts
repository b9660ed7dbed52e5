import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { newSchema } from "../../../test/engines/places.ts";
import { startPostgres } from "../../../test/postgres-server.ts";
import { Failure } from "../../kernel/failure.ts";
import { openNode } from "../postgres/node.ts";
import { migrate } from "../postgres/schema.ts";
import { changeOf, commitOf, startMs } from "./conformance/trial.ts";
import { postgresStore } from "./postgres.ts";
import { storePart } from "./postgres/schema.ts";
import type { Store, StoredRecord } from "./store.ts";

const clock = { now: () => startMs };
/** Looks until something is so; the runner ends a test in which it never is. */
const lookEveryMs = 20;

/** A store on a node of its own, as another process would have it. */
async function openStore(t: TestContext, url: string): Promise<Store> {
  const node = openNode({ url, log: (line) => t.diagnostic(line) });
  t.after(() => node.close());
  await migrate(node.database, [storePart]);
  const store = await postgresStore(node, clock);
  let open = true;
  const close = async () => {
    if (open) await store.close();
    open = false;
  };
  t.after(close);
  return { ...store, close };
}

async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(lookEveryMs);
}

/** What a store tells, in order. */
function told(store: Store): readonly StoredRecord[] {
  const all: StoredRecord[] = [];
  store.onChange((changed) => all.push(...changed));
  return all;
}

function nameOf({ id, version }: Pick<StoredRecord, "id" | "version">): string {
  return `${id} ${version}`;
}

/** Commits again and again, now a new record and now a change of a known one; answers what was acknowledged. */
async function commitMany(store: Store, mark: string, count: number): Promise<readonly string[]> {
  const versions = new Map<string, number>();
  const made: string[] = [];
  for (let n = 0; n < count; n++) {
    const known = [...versions.keys()];
    const id = n % 3 === 0 ? known[(n * 7) % known.length] : undefined;
    const name = id ?? `th_${mark}_${n}`;
    const expected = versions.get(name) ?? 0;
    await store.commit(commitOf({ records: [changeOf(name, { expected, value: { n } })] }));
    versions.set(name, expected + 1);
    made.push(nameOf({ id: name, version: expected + 1 }));
  }
  return made;
}

/** Of texts `id version`, the newest version of each id. */
function newest(names: readonly string[]): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (const name of names) {
    const [id = "", version] = name.split(" ");
    versions.set(id, Math.max(versions.get(id) ?? 0, Number(version)));
  }
  return versions;
}

test("two nodes that both write hear of everything, of the other in commit order, and never of an older version", async (t) => {
  const url = await newSchema();
  const stores = [await openStore(t, url), await openStore(t, url)] as const;
  const heard = stores.map(told);
  const made = await Promise.all(stores.map((store, at) => commitMany(store, String(at), 200)));
  const all = newest(made.flat());
  await eventually(() =>
    heard.every((records) => {
      const versions = newest(records.map(nameOf));
      return [...all].every(([id, version]) => versions.get(id) === version);
    }),
  );
  for (const [at, records] of heard.entries()) {
    const names = records.map(nameOf);
    assert.equal(new Set(names).size, names.length, "nothing is told twice");
    const versions = new Map<string, number>();
    for (const { id, version } of records) {
      assert.ok(version > (versions.get(id) ?? 0), `${id} goes back to ${version}`);
      versions.set(id, version);
    }
    const own = made[at] ?? [];
    const other = made[1 - at] ?? [];
    assert.deepEqual(
      names.filter((name) => own.includes(name)),
      own,
    );
    const order = names.filter((name) => other.includes(name)).map((name) => other.indexOf(name));
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    );
  }
});

test("of nodes that take the same unique key at the same moment, one gets it and the others a conflict that points at it", async (t) => {
  const url = await newSchema();
  const stores = [await openStore(t, url), await openStore(t, url)] as const;
  for (let n = 0; n < 10; n++) {
    const keys = n % 2 === 0 ? { keys: { slug: `s${n}` } } : { globalKeys: { token: `t${n}` } };
    const tries = Array.from({ length: 6 }, (_, at) =>
      stores[at % 2]!.commit(commitOf({ records: [changeOf(`th_${n}_${at}`, keys)] })),
    );
    const results = await Promise.allSettled(tries);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
    for (const result of results) {
      if (result.status === "fulfilled") continue;
      assert.ok(result.reason instanceof Failure, String(result.reason));
      assert.equal(result.reason.kind, "conflict");
      assert.equal(result.reason.detail.pointer, n % 2 === 0 ? "/slug" : "/token");
    }
  }
});

test("of changes decided on one version by several nodes, one is made", async (t) => {
  const url = await newSchema();
  const stores = [await openStore(t, url), await openStore(t, url)] as const;
  await stores[0].commit(commitOf({ records: [changeOf("th_1")] }));
  for (let expected = 1; expected <= 10; expected++) {
    const tries = Array.from({ length: 6 }, (_, at) =>
      stores[at % 2]!.commit(commitOf({ records: [changeOf("th_1", { expected, value: { at } })] })),
    );
    const results = await Promise.allSettled(tries);
    assert.equal(results.filter(({ status }) => status === "fulfilled").length, 1);
  }
  assert.equal((await stores[1].records.get("ws_a", "thing", "th_1"))?.version, 11);
});

test("a limit holds whoever commits at the same moment", async (t) => {
  const url = await newSchema();
  const stores = [await openStore(t, url), await openStore(t, url)] as const;
  const limits = [{ kind: "thing", where: { color: "red" }, max: 5 }];
  const tries = Array.from({ length: 12 }, (_, at) =>
    stores[at % 2]!.commit(
      commitOf({ limits, records: [changeOf(`th_${at}`, { indexes: { color: "red" } })] }),
    ),
  );
  const results = await Promise.allSettled(tries);
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 5);
  assert.equal(await stores[0].records.count("ws_a", "thing"), 5);
});

test("a lease is one node's until it lapses or its store is closed", async (t) => {
  const url = await newSchema();
  const [one, two, three] = [await openStore(t, url), await openStore(t, url), await openStore(t, url)];
  const hourMs = 3_600_000;
  const results = await Promise.all([one, two, three].map((store) => store.lease("raced", hourMs)));
  assert.equal(results.filter(Boolean).length, 1);
  assert.equal(await one.lease("work", hourMs), true);
  assert.equal(await two.lease("work", hourMs), false);
  assert.equal(await two.lease("other", hourMs), true);
  assert.equal(await one.lease("work", 1), true);
  await eventually(() => two.lease("work", hourMs));
  assert.equal(await one.lease("work", hourMs), false);
  await two.close();
  assert.equal(await three.lease("work", hourMs), true);
});

test("when the server goes down hard among commits, what was acknowledged is there, and the feed misses nothing", async (t) => {
  const server = await startPostgres({ durable: true });
  t.after(() => server.dispose());
  const url = await server.newDatabase();
  const [writer, reader] = [await openStore(t, url), await openStore(t, url)];
  const heard = told(reader);
  const acknowledged: string[] = [];
  const refused: unknown[] = [];
  let isDone = false;

  const write = async (mark: string): Promise<void> => {
    for (let n = 0; !isDone; n++) {
      const id = `th_${mark}_${n}`;
      try {
        await writer.commit(commitOf({ records: [changeOf(id)] }));
        acknowledged.push(id);
      } catch (error) {
        refused.push(error);
        await sleep(lookEveryMs);
      }
    }
  };
  const writing = Promise.all(["a", "b", "c"].map(write));
  await eventually(() => acknowledged.length >= 30);
  await server.stop("hard");
  await eventually(() => refused.length >= 10 && reader.feed.silentMs() > 1_000);
  await assert.rejects(reader.lease("work", 1_000), { kind: "unavailable" });
  const before = acknowledged.length;
  await server.start();
  await eventually(() => acknowledged.length >= before + 30);
  isDone = true;
  await writing;

  for (const error of refused) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, "unavailable");
    assert.ok((error.detail.retryAfterMs ?? 0) > 0);
  }
  for (const id of acknowledged)
    assert.notEqual(await reader.records.get("ws_a", "thing", id), undefined, `${id} is lost`);
  await eventually(() => {
    const ids = new Set(heard.map(({ id }) => id));
    return acknowledged.every((id) => ids.has(id));
  });
  await eventually(() => reader.feed.silentMs() < 1_000);
});
