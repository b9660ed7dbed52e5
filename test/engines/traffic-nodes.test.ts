import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import type { Query } from "../../src/engines/postgres/database.ts";
import { numberOf } from "../../src/engines/stored/row.ts";
import { leaseMs, only, sampleExchange } from "../../src/engines/traffic/samples.ts";
import type { Job } from "../../src/engines/traffic/traffic.ts";
import { follow } from "../journeys/follower.ts";
import { mutedWire } from "../journeys/muted-wire.ts";
import { sharedPostgres } from "../postgres-server.ts";
import { emptyTrafficDatabase, watch } from "./traffic-database.ts";
import { attemptEntry, commitSurely, eventEntry, openNodes, type TrafficNode } from "./traffic-nodes.ts";

/** By the number of nodes: how many events they race with. */
const races = [
  { count: 2, events: 3_000 },
  { count: 3, events: 10_000 },
];
/** One in ten has the dedupe key of another. */
const keysOf = (events: number) => (9 * events) / 10;
const lanes = 20;
const laneLimit = 4;
const keysPerLane = 3;

/** Looks at the table as a third party: how many jobs of a lane and of a key are claimed at one moment. */
async function watchClaims(database: Query, until: AbortSignal): Promise<{ lane: number; key: number }> {
  const most = { lane: 0, key: 0 };
  while (!until.aborted) {
    const [row] = await database.query(`select
      (select coalesce(max(n), 0) from (select count(*) as n from job where claim is not null group by lane) as lane) as lane,
      (select coalesce(max(n), 0) from (select count(*) as n from job where claim is not null and key is not null
        group by lane, key) as key) as key`);
    most.lane = Math.max(most.lane, numberOf(row ?? {}, "lane"));
    most.key = Math.max(most.key, numberOf(row ?? {}, "key"));
    await sleep(5);
  }
  return most;
}

type Race = (typeof races)[number];

/** Accepts a share of the events, some of them twice. */
async function accept({ traffic }: TrafficNode, share: number, { count, events }: Race): Promise<number> {
  let duplicates = 0;
  let next = share;
  const acceptor = async () => {
    for (; next < events;) {
      const n = next;
      next += count;
      const lane = `lane_${n % lanes}`;
      const key = n % 2 === 0 ? `key_${n % keysPerLane}` : null;
      const entry = eventEntry(lane, key, `dedupe_${n % keysOf(events)}`);
      const { kind } = await commitSurely(traffic, entry, () => assert.fail("refused"));
      if (kind === "duplicate") duplicates++;
      // A caller that was not answered commits again.
      if (n % 97 === 0) assert.equal((await traffic.journal.commit(entry)).kind, kind);
    }
  };
  await Promise.all(Array.from({ length: 48 }, acceptor));
  return duplicates;
}

/** Claims and finishes until nothing is open; one in five attempts fails first. */
async function work({ traffic }: TrafficNode, completed: Map<string, number>): Promise<number> {
  let stale = 0;
  const attempt = async (job: Job) => {
    const delivered = job.attempt > 0 || Number.parseInt(job.id.slice(-2), 16) % 5 !== 0;
    const verdict = await traffic.journal.commit(attemptEntry(job, delivered));
    if (verdict.kind === "stale") stale++;
    else if (delivered) completed.set(job.id, (completed.get(job.id) ?? 0) + 1);
  };
  for (let idle = 0; idle < 40;) {
    const jobs = await traffic.queue.claim(["deliver"], 100, leaseMs);
    await Promise.all(jobs.map(attempt));
    const isOver = jobs.length === 0 && (await traffic.queue.depth()).open === 0;
    idle = isOver ? idle + 1 : 0;
    if (jobs.length === 0) await sleep(5);
  }
  return stale;
}

for (const race of races) {
  const { count, events } = race;
  test(`${count} nodes race: nothing is lost or done twice, limits and keys hold, readers skip nothing`, async (context) => {
    const url = await emptyTrafficDatabase();
    const database = watch(url);
    context.after(() => database.close());
    const nodes = await openNodes(context, url, count);
    for (let lane = 0; lane < lanes; lane++)
      await only(nodes.slice(0, 1)).traffic.queue.limit(`lane_${lane}`, laneLimit);
    const over = new AbortController();
    const watching = watchClaims(database, over.signal);
    const follower = await follow(context, url, sampleExchange().workspace);
    const completed = new Map<string, number>();
    const accepting = Promise.all(nodes.map((node, share) => accept(node, share, race)));
    const working = nodes.map((node) => work(node, completed));
    const duplicates = (await accepting).reduce((sum, each) => sum + each, 0);
    const stale = (await Promise.all(working)).reduce((sum, each) => sum + each, 0);
    over.abort();
    const most = await watching;
    const followed = (await follower.end()).map(({ id }) => id);

    assert.equal(duplicates, events - keysOf(events));
    assert.equal(stale, 0);
    assert.equal(completed.size, keysOf(events));
    assert.ok(completed.values().every((times) => times === 1));
    assert.deepEqual({ lane: most.lane <= laneLimit, key: most.key }, { lane: true, key: 1 });
    assert.ok(most.lane > 1, "the observer saw no two claims at once");
    const [facts] = await database.query(`select count(*) as exchanges, count(number) as numbered,
      count(distinct number) as numbers, count(*) filter (where ending = 'delivered') as delivered,
      count(*) filter (where ending = 'duplicate') as duplicates, count(distinct seq) as positions from exchange`);
    assert.deepEqual(
      [facts?.["numbered"], facts?.["numbers"], facts?.["delivered"], facts?.["duplicates"]],
      [events, events, keysOf(events), duplicates],
    );
    assert.equal(facts?.["positions"], facts?.["exchanges"]);
    assert.equal(new Set(followed).size, followed.length);
    assert.equal(followed.length, facts?.["exchanges"]);
    const traffic = only(nodes.slice(0, 1)).traffic;
    assert.deepEqual(await traffic.journal.tallies("quota"), new Map([["quota", keysOf(events)]]));
    const [blocks] = await database.query(`select count(*) as wrong from block
      where exchanges <> (select count(*) from exchange where exchange.block = block.id)`);
    assert.equal(blocks?.["wrong"], 0);
  });
}

test("a node that stops renewing loses its jobs to another, and its late report is stale", async (context) => {
  const url = await emptyTrafficDatabase();
  const [first, second] = await openNodes(context, url, 2);
  assert.ok(first !== undefined && second !== undefined);
  const entry = eventEntry("lane_1", null, "a");
  await first.traffic.journal.commit(entry);
  const lost = only(await first.traffic.queue.claim(["deliver"], 10, 200));
  let found: Job | undefined;
  while (found === undefined) {
    [found] = await second.traffic.queue.claim(["deliver"], 10, leaseMs);
    await sleep(20);
  }
  assert.equal(found.id, lost.id);
  assert.equal(await first.traffic.queue.renew(lost.id, lost.claim, leaseMs), false);
  assert.equal((await first.traffic.journal.commit(attemptEntry(lost, true))).kind, "stale");
  assert.equal((await second.traffic.journal.commit(attemptEntry(found, true))).kind, "committed");
});

test("jobs that one node commits are found by others: those that wait now, and those of a node that is gone", async (context) => {
  const url = await emptyTrafficDatabase();
  const [first, second] = await openNodes(context, url, 2);
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(await second.traffic.queue.claim(["deliver"], 10, leaseMs), []);
  const heard = new Promise<void>((resolve) => second.traffic.queue.onWork(resolve));
  await first.traffic.journal.commit(eventEntry("lane_1", null, "a"));
  await heard;
  assert.equal((await second.traffic.queue.claim(["deliver"], 10, leaseMs)).length, 1);
  const exchanges = new Promise<void>((resolve) => second.traffic.journal.onCommit(resolve));
  await first.traffic.journal.commit(eventEntry("lane_2", null, "b"));
  await exchanges;
  await first.traffic.queue.claim(["deliver"], 10, leaseMs);
  // It gives its claims back when it ends.
  await first.close();
  const [third] = await openNodes(context, url, 1);
  assert.equal(only((await third?.traffic.queue.claim(["deliver"], 10, leaseMs)) ?? []).lane, "lane_2");
});

test("a hold on one node holds on the others, and so does its end", async (context) => {
  const url = await emptyTrafficDatabase();
  const [first, second] = await openNodes(context, url, 2);
  assert.ok(first !== undefined && second !== undefined);
  await first.traffic.queue.hold("lane_1", Infinity);
  await second.traffic.journal.commit(eventEntry("lane_1", null, "a"));
  assert.deepEqual(await second.traffic.queue.claim(["deliver"], 10, leaseMs), []);
  const heard = new Promise<void>((resolve) => second.traffic.queue.onWork(resolve));
  await first.traffic.queue.resume("lane_1");
  await heard;
  assert.equal((await second.traffic.queue.claim(["deliver"], 10, leaseMs)).length, 1);
});

test("nodes whose notifications are all lost find each other's jobs, and the ends of holds, by looking", async (context) => {
  const postgres = await sharedPostgres();
  const direct = await emptyTrafficDatabase();
  const wire = await mutedWire(context, postgres.port);
  const [first, second] = await openNodes(context, direct.replace(`:${postgres.port}/`, `:${wire.port}/`), 2);
  assert.ok(first !== undefined && second !== undefined);
  assert.deepEqual(await second.traffic.queue.claim(["deliver"], 10, leaseMs), []);
  const heard = new Promise<void>((resolve) => second.traffic.queue.onWork(resolve));
  await first.traffic.journal.commit(eventEntry("lane_1", null, "a"));
  await heard;
  assert.equal(only(await second.traffic.queue.claim(["deliver"], 10, leaseMs)).lane, "lane_1");

  await first.traffic.queue.hold("lane_2", Infinity);
  await first.traffic.journal.commit(eventEntry("lane_2", null, "b"));
  assert.deepEqual(await second.traffic.queue.claim(["deliver"], 10, leaseMs), []);
  const released = new Promise<void>((resolve) => second.traffic.queue.onWork(resolve));
  await first.traffic.queue.resume("lane_2");
  await released;
  assert.equal(only(await second.traffic.queue.claim(["deliver"], 10, leaseMs)).lane, "lane_2");
  assert.ok(wire.swallowed() > 0);
  await Promise.all([first.close(), second.close()]);
});
