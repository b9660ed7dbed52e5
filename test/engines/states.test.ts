import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { databases, type Database } from "../../src/engines/databases.ts";
import type { CountStates } from "../../src/engines/ledger/ledger.ts";
import { leaseMs, sampleExchange, sampleJob } from "../../src/engines/traffic/samples.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { newExchangeId } from "../../src/kernel/id.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { newSchema } from "./places.ts";

/* What a ledger promises about the journal and the queue beside it. */

const events = 300;

for (const [name, open] of Object.entries(databases)) {
  const opened = async (t: TestContext): Promise<Database> => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-states-"));
    const url = name === "sqlite" ? null : new Secret(await newSchema());
    const log = (line: string): void => assert.fail(line);
    const database = await open({ folder, url, clock: wallClock, version: "0.0.0", log });
    t.after(async () => {
      await database.close();
      await rm(folder, { recursive: true });
    });
    return database;
  };

  test(`${name}: an event that ends while states are counted is counted once`, async (t) => {
    const database = await opened(t);
    await receive(database);
    const work = { isDone: false };
    const ending = endAll(database).finally(() => (work.isDone = true));
    const seen = new Set<number>();
    while (!work.isDone) seen.add((await count(database)).open);
    await ending;
    assert.deepEqual(await count(database), { open: 0, ended: events });
    assert.ok(seen.size > 2, "it was counted while events ended");
  });

  test(`${name}: open are those with a job of the names, subjects, workspace and time asked for`, async (t) => {
    const { traffic, ledger } = await opened(t);
    const jobs = [
      { id: "a", subject: "ep_a", receivedAt: 1_000 },
      { id: "b", subject: "ep_a", receivedAt: 2_000 },
      { id: "c", subject: "ep_b", receivedAt: 2_000 },
      { id: "d", subject: "ep_a", receivedAt: 2_000, name: "other" },
      { id: "e", subject: "ep_a", receivedAt: 2_000, workspace: "ws_2" },
    ];
    await traffic.journal.commit({ exchanges: [], jobs: jobs.map((job) => sampleJob(job)) });
    const asked = { workspace: "ws_1", kinds: ["event"], receivedFrom: 0, receivedTo: Infinity };
    const openOf = async (query: Partial<CountStates>) =>
      (await ledger.countStates({ ...asked, jobs: ["deliver"], ...query }))
        .map(({ subject, state, count: found }) => `${subject} ${state} ${found}`)
        .toSorted();
    assert.deepEqual(await openOf({}), ["ep_a open 2", "ep_b open 1"]);
    assert.deepEqual(await openOf({ subjects: ["ep_a", "ep_\0"] }), ["ep_a open 2"]);
    assert.deepEqual(await openOf({ receivedFrom: 1_000, receivedTo: 2_000 }), ["ep_a open 1"]);
    assert.deepEqual(await openOf({ jobs: ["deliver", "other"] }), ["ep_a open 3", "ep_b open 1"]);
    assert.deepEqual(await openOf({ jobs: [] }), []);
    assert.deepEqual(await openOf({ workspace: "ws_2" }), ["ep_a open 1"]);
  });
}

async function receive({ traffic }: Database): Promise<void> {
  const now = wallClock.now();
  const exchanges = Array.from({ length: events }, () =>
    sampleExchange({ id: newExchangeId(now), startedAt: now, receivedAt: now }),
  );
  const jobs = exchanges.map(({ id }, n) =>
    sampleJob({ id: `job_${n}`, lane: `lane_${n % 40}`, exchange: id, dueAt: now, receivedAt: now }),
  );
  await Promise.all(
    exchanges.map((exchange, n) =>
      traffic.journal.commit({ exchanges: [exchange], jobs: jobs.slice(n, n + 1) }),
    ),
  );
}

async function endAll({ traffic }: Database): Promise<void> {
  for (let ended = 0; ended < events;) {
    const jobs = await traffic.queue.claim(["deliver"], 5, leaseMs);
    ended += jobs.length;
    await Promise.all(
      jobs.map((job) => {
        const startedAt = wallClock.now();
        const attempt = sampleExchange({
          id: newExchangeId(startedAt),
          kind: "attempt",
          parent: job.exchange,
          attempt: 1,
          ending: "delivered",
          startedAt,
          receivedAt: job.receivedAt,
        });
        const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
        return traffic.journal.commit({ exchanges: [attempt], jobs: [], finish });
      }),
    );
  }
}

/** @throws AssertionError when an event is in no state, or in two */
async function count({ ledger }: Database): Promise<{ open: number; ended: number }> {
  const states = await ledger.countStates({
    workspace: "ws_1",
    kinds: ["event"],
    jobs: ["deliver"],
    receivedFrom: 0,
    receivedTo: Number.MAX_SAFE_INTEGER,
  });
  const of = (state: string): number => states.find((it) => it.state === state)?.count ?? 0;
  const counted = { open: of("open"), ended: of("delivered") };
  assert.equal(counted.open + counted.ended, events);
  return counted;
}
