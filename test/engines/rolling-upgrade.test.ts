import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { databases, type Database } from "../../src/engines/databases.ts";
import { dataParts, localParts } from "../../src/engines/parts.ts";
import { openDatabase, type Database as Connections } from "../../src/engines/postgres/database.ts";
import { members } from "../../src/engines/postgres/membership.ts";
import { keepSchema, migrate, standings, type Part } from "../../src/engines/postgres/schema.ts";
import { openSession } from "../../src/engines/postgres/session.ts";
import { changeOf, commitOf } from "../../src/engines/store/conformance/trial.ts";
import { leaseMs, only } from "../../src/engines/traffic/samples.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { Failure } from "../../src/kernel/failure.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { newSchema } from "./places.ts";
import { attemptEntry, eventEntry } from "./traffic-nodes.ts";

/* What becomes of nodes of this version when one of a later version has brought the tables forward. */

/** What older programs survive: each table gets a column that they know nothing of, and there is a new table. */
const survivable = `create table later (id text primary key);
do $$ declare name text; begin
  for name in select relname from pg_class where relnamespace = to_regnamespace(quote_ident(current_schema()))
    and relkind in ('r', 'p') and not relispartition
  loop execute format('alter table %I add column later integer not null default 7', name); end loop;
end $$`;

/** The parts of a program that has a migration of traffic more than this one, which needs so much of other programs. */
function laterParts(needs: (known: number) => number): readonly Part[] {
  return [...localParts, ...dataParts].map(({ name, migrations }) =>
    name === "traffic"
      ? { name, migrations: [...migrations, { sql: survivable, needs: needs(migrations.length) }] }
      : { name, migrations },
  );
}

/** An empty database, seen from outside, and how to start nodes of this version on it, closed after the test. */
async function sceneOf(t: TestContext) {
  const url = await newSchema();
  const outside = openDatabase({ url, name: "outside", connections: 2, statementMs: 60_000 });
  t.after(() => outside.close());
  const start = async (): Promise<Database> => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-upgrade-"));
    t.after(() => rm(folder, { recursive: true }));
    const node = await databases.postgres({
      folder,
      url: new Secret(url),
      clock: wallClock,
      version: "old",
      log: (line) => assert.fail(line),
    });
    t.after(() => node.close());
    return node;
  };
  return { url, outside, start };
}

/** Everything that nodes do with their tables, once; the name is new each time. */
async function work({ traffic, store, ledger, counters }: Database, name: string): Promise<void> {
  const entry = eventEntry("lane_1", null, name);
  assert.equal((await traffic.journal.commit(entry)).kind, "committed");
  assert.equal((await traffic.journal.commit(eventEntry("lane_1", null, name))).kind, "duplicate");
  const job = only(await traffic.queue.claim(["deliver"], 10, leaseMs));
  assert.equal(await traffic.queue.renew(job.id, job.claim, leaseMs), true);
  assert.equal((await traffic.journal.commit(attemptEntry(job, true))).kind, "committed");
  await traffic.queue.hold("lane_2", Infinity);
  await traffic.queue.resume("lane_2");
  assert.equal((await traffic.queue.depth()).open, 0);

  const event = await ledger.get("ws_1", { id: entry.event });
  assert.equal(String(event?.request.body?.bytes), '{"n":1}');
  assert.equal((await ledger.children("ws_1", entry.event, 10)).at(-1)?.ending, "delivered");
  const { rows } = await ledger.find({ workspace: "ws_1", where: {}, limit: 10 });
  assert.ok(rows.some(({ id }) => id === entry.event));
  await ledger.seal(100);
  while ((await ledger.roll(100)) > 0);

  const heard = new Promise<void>((resolve) => {
    store.onChange((changed) => changed.some(({ id }) => id === name) && resolve());
  });
  await store.commit(
    commitOf({ records: [changeOf(name)], audit: { id: name, subjects: [name], detail: {} } }),
  );
  await heard;
  assert.equal((await store.records.get("ws_a", "thing", name))?.version, 1);
  assert.equal(only(await store.audit.list("ws_a", { limit: 1 })).id, name);
  assert.equal(await store.lease("work", leaseMs), true);
  assert.equal((await counters.hit(name, 1, 60_000)).allowed, true);
  const budget = { id: name, amount: 1, limit: 10, expiresAt: wallClock.now() + 60_000 };
  assert.equal((await counters.reserve("budget", budget)).granted, true);
  await counters.settle("budget", name, 1);
}

/** Resolves once every node on the list has looked again whether it may go on. */
async function nextBeat(outside: Connections): Promise<void> {
  const [{ now } = {}] = await outside.query("select now()::text as now");
  const late = "select 1 from node where seen_at <= $1::timestamptz";
  while ((await outside.query(late, [String(now)])).length > 0) await sleep(20);
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const soon = {};
  return (await Promise.race([promise, sleep(0, soon)])) !== soon;
}

test("a node goes on, and others of its version start, beside tables of a later one that they survive", async (t) => {
  const { outside, start } = await sceneOf(t);
  const node = await start();
  // Before as well: statements that were prepared by then meet other columns than they were planned for.
  await work(node, "before");
  await migrate(
    outside,
    laterParts((known) => known),
  );
  await Promise.race([nextBeat(outside), node.outdated.then((failure) => assert.fail(failure))]);
  await work(node, "after");
  assert.equal(await isSettled(node.outdated), false);

  const before = await standings(outside);
  const next = await start();
  await node.store.lease("work", 0);
  await work(next, "of the next");
  assert.equal(await isSettled(next.outdated), false);
  assert.deepEqual(await standings(outside), before, "it leaves the tables as they are");
});

test("a node of before starts at once while a backup keeps the tables, which are of a later version", async (t) => {
  const { url, outside, start } = await sceneOf(t);
  await migrate(
    outside,
    laterParts((known) => known),
  );
  const copying = await openSession({ url, name: "copies", statementMs: 0 });
  t.after(() => copying.close());
  await keepSchema(copying);
  const starting = start().then(() => "started");
  const lock =
    "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
  const isOver = new AbortController();
  const waiting = (async () => {
    while (!isOver.signal.aborted && (await outside.query(lock)).length === 0) await sleep(10);
    return "waits";
  })();
  const first = await Promise.race([starting, waiting]);
  isOver.abort();
  await copying.close();
  await Promise.all([starting, waiting]);
  assert.equal(first, "started");
});

test("a node that does not survive the tables of a later version is told so while it works, and when it starts", async (t) => {
  const { outside, start } = await sceneOf(t);
  const node = await start();
  await work(node, "before");
  await migrate(
    outside,
    laterParts((known) => known + 1),
  );
  const told = await node.outdated;
  const before = await standings(outside);
  const refused = await start().catch((error: unknown) => error);
  for (const failure of [told, refused]) {
    assert.ok(failure instanceof Failure, String(failure));
    assert.equal(failure.kind, "conflict");
    assert.equal(
      failure.message,
      "A newer version of Sluice has changed the traffic tables of this database.",
    );
    assert.match(failure.detail.hint ?? "", /^Start this node with the version that the other nodes run/);
  }
  assert.deepEqual(await standings(outside), before);
  assert.equal((await members(outside)).length, 1, "who is refused does not join");
});
