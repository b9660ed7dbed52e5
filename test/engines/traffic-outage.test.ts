import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, test, type TestContext } from "node:test";
import { Failure } from "../../src/kernel/failure.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { leaseMs, sampleExchange } from "../../src/engines/traffic/samples.ts";
import { textOf } from "../../src/engines/stored/row.ts";
import { type PostgresServer, startPostgres } from "../postgres-server.ts";
import { trafficDatabase, watch } from "./traffic-database.ts";
import { attemptEntry, eventEntry, openNodes, type TrafficNode } from "./traffic-nodes.ts";

let server: PostgresServer;
// What the log writer has not written by itself is lost unless a commit waited for it.
before(async () => (server = await startPostgres({ durable: true, settings: { wal_writer_delay: "10s" } })));
after(() => server.dispose());

const isUnavailable = (error: unknown): boolean => error instanceof Failure && error.kind === "unavailable";

/** Tries until the database is back. */
async function surely<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      assert.ok(isUnavailable(error), String(error));
      await sleep(10);
    }
  }
}

type Load = { readonly acknowledged: Set<string>; readonly refused: Set<string>; stop(): Promise<void> };

/** Commits events without end and works on them, whatever happens to the database. */
function startLoad({ traffic }: TrafficNode): Load {
  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  let over = false;
  const committer = async (_: unknown, n: number) => {
    while (!over) {
      const entry = eventEntry(`lane_${n}`, null, String(Math.random()));
      try {
        await traffic.journal.commit(entry);
        acknowledged.add(entry.event);
      } catch (error) {
        assert.ok(isUnavailable(error), String(error));
        refused.add(entry.event);
        await sleep(10);
      }
    }
  };
  const worker = async () => {
    while (!over) {
      try {
        const jobs = await traffic.queue.claim(["deliver"], 50, leaseMs);
        await Promise.all(jobs.map((job) => traffic.journal.commit(attemptEntry(job, true))));
        if (jobs.length === 0) await sleep(10);
      } catch (error) {
        assert.ok(isUnavailable(error), String(error));
        await sleep(10);
      }
    }
  };
  const running = [...Array.from({ length: 32 }, committer), worker()];
  return {
    acknowledged,
    refused,
    async stop() {
      over = true;
      await Promise.all(running);
    },
  };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(10);
}

async function storedEvents(context: TestContext, url: string): Promise<ReadonlySet<string>> {
  const database = watch(url);
  context.after(() => database.close());
  const rows = await database.query("select id from exchange where kind = 'event'");
  return new Set(rows.map((row) => `ex_${textOf(row, "id")}`));
}

test("a server that dies under load: callers are told, nothing acknowledged is lost, work goes on by itself", async (context) => {
  const url = await trafficDatabase(server);
  const nodes = await openNodes(context, url, 2);
  const loads = nodes.map(startLoad);
  for (let round = 0; round < 2; round++) {
    const enough = loads.map(({ acknowledged }) => acknowledged.size + 300);
    await until(() => loads.every(({ acknowledged }, n) => acknowledged.size > (enough[n] ?? 0)));
    await server.stop("hard");
    const refusals = loads.map(({ refused }) => refused.size);
    await until(() => loads.every(({ refused }, n) => refused.size > (refusals[n] ?? 0) + 50));
    await server.start();
  }
  const back = loads.map(({ acknowledged }) => acknowledged.size + 300);
  await until(() => loads.every(({ acknowledged }, n) => acknowledged.size > (back[n] ?? 0)));
  await Promise.all(loads.map((load) => load.stop()));

  const stored = await storedEvents(context, url);
  for (const { acknowledged } of loads)
    for (const id of acknowledged) assert.ok(stored.has(id), `${id} was acknowledged and is lost`);
  const database = watch(url);
  context.after(() => database.close());
  // Every event is delivered once, or its job is open.
  const [facts] = await database.query(`select
    count(*) filter (where jobs + delivered <> 1) as wrong, count(*) filter (where delivered = 1) as delivered
    from (select (select count(*) from job where job.exchange = exchange.id) as jobs,
      (select count(*) from exchange as attempt where attempt.parent = exchange.id and attempt.ending = 'delivered'
        and attempt.attempt is not null) as delivered
      from exchange where kind = 'event') as event`);
  assert.equal(facts?.["wrong"], 0);
  assert.ok(Number(facts["delivered"]) > 0);
  const [numbers] = await database.query(
    "select count(number) as given, count(distinct number) as distinct from exchange",
  );
  assert.equal(numbers?.["given"], numbers?.["distinct"]);
});

test("commits reach the disk before they are acknowledged, whatever the server is set to", async (context) => {
  const url = await trafficDatabase(server);
  const database = watch(url);
  await database.query(`alter database ${new URL(url).pathname.slice(1)} set synchronous_commit = off`);
  await database.close();
  const [node] = await openNodes(context, url, 1);
  assert.ok(node !== undefined);
  const entry = eventEntry("lane_1", null, "a");
  const dieAndComeBack = async () => {
    await server.stop("hard");
    await server.start();
  };
  await node.traffic.journal.commit(entry);
  await dieAndComeBack();
  assert.deepEqual(await storedEvents(context, url), new Set([entry.event]));
  await surely(() => node.traffic.queue.hold("lane_1", Infinity));
  await dieAndComeBack();
  const later = watch(url);
  context.after(() => later.close());
  assert.equal((await later.query("select from lane where hold_until is not null")).length, 1);
});

test("a database that is read-only for a while refuses commits as unavailable and takes them afterwards", async (context) => {
  const url = await trafficDatabase(server);
  const [node] = await openNodes(context, url, 1);
  assert.ok(node !== undefined);
  const { traffic } = node;
  await traffic.journal.commit(eventEntry("lane_1", null, "a"));
  const database = watch(url);
  context.after(() => database.close());
  const setReadOnly = async (value: string) => {
    await database.query(`alter system set default_transaction_read_only = ${value}`);
    await database.query("select pg_reload_conf()");
  };
  await setReadOnly("on");
  for (let refused = false; !refused;)
    refused = await traffic.journal.commit(eventEntry("lane_1", null, "b")).then(
      () => false,
      (error: unknown) => isUnavailable(error) || assert.fail(String(error)),
    );
  const again = watch(`${url}?options=-c%20default_transaction_read_only%3Doff`);
  context.after(() => again.close());
  await again.query("alter system reset default_transaction_read_only");
  await again.query("select pg_reload_conf()");
  const last = await surely(() => traffic.journal.commit(eventEntry("lane_1", null, "c")));
  assert.equal(last.kind, "committed");
});

test("a day that was dropped meanwhile gets its partition again", async (context) => {
  const url = await trafficDatabase(server);
  const [node] = await openNodes(context, url, 1);
  assert.ok(node !== undefined);
  await node.traffic.journal.commit(eventEntry("lane_1", null, "a"));
  const database = watch(url);
  context.after(() => database.close());
  const partitions = await database.query(
    "select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid where inhparent::regclass::text in ('exchange', 'block')",
  );
  for (const row of partitions) await database.query(`drop table ${textOf(row, "name")}`);
  const entry = eventEntry("lane_1", null, "b");
  assert.equal((await node.traffic.journal.commit(entry)).kind, "committed");
  assert.deepEqual(await storedEvents(context, url), new Set([entry.event]));
});

test("an entry of hundreds of days is taken, though it may have to be sent again", async (context) => {
  const [node] = await openNodes(context, await trafficDatabase(server), 1);
  assert.ok(node !== undefined);
  const dayMs = 86_400_000;
  const exchanges = Array.from({ length: 250 }, (_, n) =>
    sampleExchange({ startedAt: wallClock.now() - n * dayMs }),
  );
  const taken = await surely(() => node.traffic.journal.commit({ exchanges, jobs: [] }));
  assert.equal(taken.kind, "committed");
});
