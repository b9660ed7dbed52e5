import assert from "node:assert/strict";
import { describe, test, type TestContext } from "node:test";
import type { Clock } from "../../kernel/clock.ts";
import type { NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Job, NewJob, Traffic } from "./traffic.ts";

/** A traffic engine under test: `clock` is the one it was opened with, `reopen` closes it and opens it again. */
export type Opened = {
  readonly traffic: Traffic;
  readonly clock: TestClock;
  reopen(): Promise<Traffic>;
  /** Closes the engine and removes what it stored. */
  dispose(): Promise<void>;
};

export type TestClock = Clock & { advance(ms: number): void };

/** Runs with real time, and jumps ahead when told to. */
export function testClock(): TestClock {
  let ahead = 0;
  // oxlint-disable-next-line no-restricted-properties
  return {
    now: () => Math.floor(performance.timeOrigin + performance.now()) + ahead,
    advance: (ms) => void (ahead += ms),
  };
}

const leaseMs = 60_000;

export function sampleExchange(change: Partial<NewExchange> = {}): NewExchange {
  const startedAt = change.startedAt ?? 1_700_000_000_000;
  return {
    id: newExchangeId(startedAt),
    workspace: "ws_1",
    environment: "production",
    bucket: "bk_1",
    plane: "webhooks",
    kind: "event",
    subject: "ep_1",
    parent: null,
    trace: null,
    startedAt,
    durationMs: 1.5,
    method: "POST",
    host: "hooks.example.com",
    path: "/in/shop",
    route: "/in/{slug}",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: startedAt,
    facts: {},
    request: { headers: [["Content-Type", "application/json"]], body: bodyOf(`{"n":1}`) },
    response: null,
    ...change,
  };
}

export function sampleJob(change: Partial<NewJob> = {}): NewJob {
  const exchange = change.exchange ?? newExchangeId(1_700_000_000_000);
  return {
    id: `job_${exchange}`,
    workspace: "ws_1",
    name: "deliver",
    payload: `{"n":1}`,
    lane: "lane_1",
    key: null,
    dueAt: 1_700_000_000_000,
    attempt: 0,
    exchange,
    receivedAt: 1_700_000_000_000,
    subject: "ep_1",
    ...change,
  };
}

function bodyOf(text: string): { bytes: Uint8Array; size: number; sha256: string; truncated: boolean } {
  return { bytes: Buffer.from(text), size: text.length, sha256: "", truncated: false };
}

type Use = (opened: Opened, context: TestContext) => Promise<void>;

/** Every promise of `Traffic`, for the engine that `open` opens empty. */
export function trafficConformance(name: string, open: () => Promise<Opened>): void {
  const promise = (title: string, use: Use) =>
    test(title, async (context) => {
      const opened = await open();
      try {
        await use(opened, context);
      } finally {
        await opened.dispose();
      }
    });
  describe(`${name}: journal`, () => journalPromises(promise));
  describe(`${name}: numbers, keys, tallies`, () => keyPromises(promise));
  describe(`${name}: finishing jobs`, () => finishPromises(promise));
  describe(`${name}: queue`, () => queuePromises(promise));
  describe(`${name}: leases`, () => leasePromises(promise));
  describe(`${name}: holds, limits, wake-ups`, () => lanePromises(promise));
  describe(`${name}: cancelling and open jobs`, () => openPromises(promise));
  describe(`${name}: recent`, () => recentPromises(promise));
}

type Promised = (title: string, use: Use) => void;

function journalPromises(promise: Promised): void {
  promise(
    "a committed entry is there after reopening: its exchange and its job",
    async ({ traffic, reopen }) => {
      const exchange = sampleExchange();
      const job = sampleJob({ exchange: exchange.id });
      assert.deepEqual(await traffic.journal.commit({ exchanges: [exchange], jobs: [job] }), {
        kind: "committed",
      });
      const again = await reopen();
      assert.equal((await again.recent.get("ws_1", exchange.id))?.outcome, "accepted");
      assert.deepEqual(jobsOf(await again.queue.claim(["deliver"], 10, leaseMs)), [job]);
    },
  );

  promise("many commits that are not awaited are all committed", async ({ traffic }) => {
    const exchanges = Array.from({ length: 1_500 }, () => sampleExchange());
    const verdicts = await Promise.all(
      exchanges.map((exchange) =>
        traffic.journal.commit({ exchanges: [exchange], jobs: [sampleJob({ exchange: exchange.id })] }),
      ),
    );
    assert.ok(verdicts.every((verdict) => verdict.kind === "committed"));
    assert.equal((await traffic.queue.depth()).open, 1_500);
    const numbers = await Promise.all(
      exchanges.map(async ({ id }) => (await traffic.recent.get("ws_1", id))?.number),
    );
    assert.deepEqual(
      numbers,
      exchanges.map((_, index) => index + 1),
    );
  });

  promise("an entry that cannot be written as it is fails alone and leaves nothing", async ({ traffic }) => {
    const good = sampleExchange();
    const bad = sampleExchange({ startedAt: Number.NaN, id: newExchangeId(1) });
    const job = sampleJob({ id: "job_bad" });
    const [first, second, third] = await Promise.allSettled([
      traffic.journal.commit({ exchanges: [good], jobs: [] }),
      traffic.journal.commit({ exchanges: [bad], jobs: [job] }),
      traffic.journal.commit({
        exchanges: [],
        jobs: [sampleJob({ id: "job_big", payload: "x".repeat(70_000) })],
      }),
    ]);
    assert.equal(first.status, "fulfilled");
    assert.equal(second.status, "rejected");
    assert.equal(third.status, "rejected");
    assert.equal((await traffic.queue.depth()).open, 0);
    assert.equal(await traffic.recent.get("ws_1", bad.id), undefined);
  });

  promise(
    "commit listeners are told after exchanges were committed, until they stop",
    async ({ traffic }) => {
      let calls = 0;
      const stop = traffic.journal.onCommit(() => calls++);
      await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [] });
      await settled();
      assert.equal(calls, 1);
      await traffic.journal.commit({ exchanges: [], jobs: [sampleJob()] });
      await settled();
      assert.equal(calls, 1);
      stop();
      await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [] });
      await settled();
      assert.equal(calls, 1);
    },
  );

  promise(
    "closing finishes the commits under way and refuses later ones as unavailable",
    async ({ traffic, reopen }) => {
      const exchange = sampleExchange();
      const commit = traffic.journal.commit({ exchanges: [exchange], jobs: [] });
      const again = reopen();
      assert.equal((await commit).kind, "committed");
      await assert.rejects(traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [] }), {
        kind: "unavailable",
      });
      assert.equal((await (await again).recent.get("ws_1", exchange.id))?.id, exchange.id);
    },
  );
}

function keyPromises(promise: Promised): void {
  promise("exchanges get short numbers per workspace, attempts get none", async ({ traffic, reopen }) => {
    const exchanges = [
      sampleExchange(),
      sampleExchange({ workspace: "ws_2" }),
      sampleExchange({ attempt: 1, kind: "attempt" }),
      sampleExchange(),
    ];
    await traffic.journal.commit({ exchanges, jobs: [] });
    const again = await reopen();
    const last = sampleExchange();
    await again.journal.commit({ exchanges: [last], jobs: [] });
    const numbers = [];
    for (const { workspace, id } of [...exchanges, last])
      numbers.push((await again.recent.get(workspace, id))?.number);
    assert.deepEqual(numbers, [1, 1, null, 2, 3]);
  });

  promise(
    "of a duplicate only the first exchange is written, as duplicate of the first use",
    async ({ traffic }) => {
      const unless = { key: "dedupe:1", expiresAt: Number.MAX_SAFE_INTEGER };
      const first = sampleExchange();
      const second = sampleExchange();
      const other = sampleExchange();
      const tally = [{ key: "quota", amount: 1 }];
      const entry = { exchanges: [first], jobs: [sampleJob({ id: "a" })], unless, tally };
      assert.deepEqual(await traffic.journal.commit(entry), { kind: "committed" });
      assert.deepEqual(
        await traffic.journal.commit({
          exchanges: [second, other],
          jobs: [sampleJob({ id: "b" })],
          unless,
          tally,
        }),
        { kind: "duplicate", of: first.id },
      );
      const written = await traffic.recent.get("ws_1", second.id);
      assert.equal(written?.outcome, "duplicate");
      assert.equal(written.ending, "duplicate");
      assert.equal(written.parent, first.id);
      assert.equal(await traffic.recent.get("ws_1", other.id), undefined);
      assert.deepEqual(
        jobsOf(await traffic.queue.claim(["deliver"], 10, leaseMs)).map((job) => job.id),
        ["a"],
      );
      assert.deepEqual(await traffic.journal.tallies("quota"), new Map([["quota", 1]]));
    },
  );

  promise(
    "the same key twice in one group: one is committed, the other is its duplicate",
    async ({ traffic }) => {
      const unless = { key: "k", expiresAt: Number.MAX_SAFE_INTEGER };
      const exchanges = Array.from({ length: 40 }, () => sampleExchange());
      const verdicts = await Promise.all(
        exchanges.map((exchange) => traffic.journal.commit({ exchanges: [exchange], jobs: [], unless })),
      );
      assert.deepEqual(verdicts[0], { kind: "committed" });
      assert.ok(
        verdicts.slice(1).every((verdict) => verdict.kind === "duplicate" && verdict.of === exchanges[0]!.id),
      );
    },
  );

  promise(
    "a key may be used again once it has expired, also after reopening",
    async ({ traffic, clock, reopen }) => {
      const unless = { key: "k", expiresAt: clock.now() + 1_000 };
      await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless });
      const again = await reopen();
      assert.equal(
        (await again.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless })).kind,
        "duplicate",
      );
      clock.advance(1_001);
      const later = { key: "k", expiresAt: clock.now() + 1_000 };
      assert.equal(
        (await again.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless: later })).kind,
        "committed",
      );
    },
  );

  promise("tallies add up by key and are found by prefix, to the letter", async ({ traffic, reopen }) => {
    const add = (key: string, amount: number) =>
      traffic.journal.commit({ exchanges: [], jobs: [], tally: [{ key, amount }] });
    await Promise.all([
      add("a:1", 1),
      add("a:1", 2.5),
      add("a:2", 4),
      add("A:1", 9),
      add("a%", 9),
      add("ab", 9),
    ]);
    const expected = new Map([
      ["a:1", 3.5],
      ["a:2", 4],
    ]);
    assert.deepEqual(await traffic.journal.tallies("a:"), expected);
    assert.deepEqual(await (await reopen()).journal.tallies("a:"), expected);
  });
}

function finishPromises(promise: Promised): void {
  const claimed = async (traffic: Traffic, job = sampleJob()): Promise<Job> => {
    await traffic.journal.commit({ exchanges: [], jobs: [job] });
    return only(await traffic.queue.claim(["deliver"], 1, leaseMs));
  };

  promise("done removes the job together with the exchange that reports it", async ({ traffic, reopen }) => {
    const job = await claimed(traffic);
    const exchange = sampleExchange({ ending: "delivered", attempt: 1 });
    const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
    assert.deepEqual(await traffic.journal.commit({ exchanges: [exchange], jobs: [], finish }), {
      kind: "committed",
    });
    const again = await reopen();
    assert.equal((await again.queue.depth()).open, 0);
    assert.equal((await again.recent.get("ws_1", exchange.id))?.ending, "delivered");
  });

  promise(
    "retry brings the job back when it is due, with its new attempt and payload",
    async ({ traffic, clock, reopen }) => {
      const job = await claimed(traffic);
      const dueAt = clock.now() + 5_000;
      const then = { kind: "retry", dueAt, attempt: 1, payload: `{"n":2}` } as const;
      await traffic.journal.commit({
        exchanges: [],
        jobs: [],
        finish: { job: job.id, claim: job.claim, then },
      });
      assert.deepEqual(await traffic.queue.claim(["deliver"], 1, leaseMs), []);
      clock.advance(5_000);
      const next = only(await traffic.queue.claim(["deliver"], 1, leaseMs));
      assert.deepEqual([next.attempt, next.payload, next.dueAt], [1, `{"n":2}`, dueAt]);
      const afterRestart = only(await (await reopen()).queue.claim(["deliver"], 1, leaseMs));
      assert.deepEqual([afterRestart.attempt, afterRestart.payload], [1, `{"n":2}`]);
    },
  );

  promise(
    "a stale claim records its exchanges without ending and changes nothing else",
    async ({ traffic, clock }) => {
      const job = await claimed(traffic);
      clock.advance(leaseMs);
      const exchange = sampleExchange({ ending: "delivered", attempt: 1 });
      const verdict = await traffic.journal.commit({
        exchanges: [exchange],
        jobs: [sampleJob({ id: "follow-up" })],
        unless: { key: "k", expiresAt: Number.MAX_SAFE_INTEGER },
        finish: { job: job.id, claim: job.claim, then: { kind: "done" } },
        tally: [{ key: "t", amount: 1 }],
      });
      assert.deepEqual(verdict, { kind: "stale" });
      assert.equal((await traffic.recent.get("ws_1", exchange.id))?.ending, null);
      assert.deepEqual(await traffic.journal.tallies("t"), new Map());
      const unless = { key: "k", expiresAt: Number.MAX_SAFE_INTEGER };
      assert.equal(
        (await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless })).kind,
        "committed",
      );
      assert.deepEqual(
        (await traffic.queue.claim(["deliver"], 10, leaseMs)).map(({ id }) => id),
        [job.id],
      );
    },
  );

  promise(
    "a claim finishes its job once: the second time, and made-up claims, are stale",
    async ({ traffic }) => {
      const job = await claimed(traffic);
      const finish = (claim: string, id = job.id) =>
        traffic.journal.commit({
          exchanges: [],
          jobs: [],
          finish: { job: id, claim, then: { kind: "done" } },
        });
      assert.equal((await finish("made-up")).kind, "stale");
      const [first, second] = await Promise.all([finish(job.claim), finish(job.claim)]);
      assert.deepEqual([first.kind, second.kind], ["committed", "stale"]);
      assert.equal((await finish(job.claim)).kind, "stale");
      assert.equal((await finish("made-up", "unknown")).kind, "stale");
    },
  );

  promise("a duplicate finishes no job", async ({ traffic }) => {
    const unless = { key: "k", expiresAt: Number.MAX_SAFE_INTEGER };
    await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless });
    const job = await claimed(traffic);
    const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
    const verdict = await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless, finish });
    assert.equal(verdict.kind, "duplicate");
    assert.equal(await traffic.queue.renew(job.id, job.claim, leaseMs), true);
    assert.equal((await traffic.queue.depth()).open, 1);
  });

  promise("a job may be done and followed by another in one commit", async ({ traffic }) => {
    const job = await claimed(traffic);
    const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
    await traffic.journal.commit({ exchanges: [], jobs: [sampleJob({ id: "next" })], finish });
    assert.equal(only(await traffic.queue.claim(["deliver"], 10, leaseMs)).id, "next");
  });
}

function queuePromises(promise: Promised): void {
  promise(
    "jobs of a lane come oldest due first, then by id; jobs not due do not come",
    async ({ traffic, clock }) => {
      const now = clock.now();
      const job = (id: string, dueAt: number) => sampleJob({ id, dueAt });
      const jobs = [job("d", now - 1), job("c", now - 3), job("b", now - 3), job("a", now + 60_000)];
      await traffic.journal.commit({ exchanges: [], jobs });
      assert.deepEqual(await idsClaimed(traffic, 10), ["b", "c", "d"]);
    },
  );

  promise("claims only jobs of the names asked for", async ({ traffic }) => {
    await traffic.journal.commit({
      exchanges: [],
      jobs: [sampleJob({ id: "a", name: "deliver" }), sampleJob({ id: "b", name: "probe" })],
    });
    assert.deepEqual(
      (await traffic.queue.claim(["probe"], 10, leaseMs)).map(({ id }) => id),
      ["b"],
    );
    assert.deepEqual(
      (await traffic.queue.claim(["other"], 10, leaseMs)).map(({ id }) => id),
      [],
    );
    assert.deepEqual(
      (await traffic.queue.claim(["probe", "deliver"], 10, leaseMs)).map(({ id }) => id),
      ["a"],
    );
  });

  promise(
    "a job whose id is open is not added again, not even within one group",
    async ({ traffic, reopen }) => {
      const commit = (payload: string) =>
        traffic.journal.commit({ exchanges: [], jobs: [sampleJob({ id: "same", payload })] });
      await commit("1");
      await Promise.all([commit("2"), commit("3")]);
      assert.equal(only(await traffic.queue.claim(["deliver"], 10, leaseMs)).payload, "1");
      await commit("4");
      assert.equal((await traffic.queue.depth()).open, 1);
      assert.equal(only(await (await reopen()).queue.claim(["deliver"], 10, leaseMs)).payload, "1");
    },
  );

  promise(
    "one job per key of a lane is claimed at a time, in due order; other keys go on",
    async ({ traffic }) => {
      const job = (id: string, key: string | null, dueAt: number) => sampleJob({ id, key, dueAt });
      await traffic.journal.commit({
        exchanges: [],
        jobs: [job("k2", "k", 2), job("k1", "k", 1), job("k3", "k", 3), job("m1", "m", 4), job("n", null, 5)],
      });
      const first = await traffic.queue.claim(["deliver"], 10, leaseMs);
      assert.deepEqual(
        first.map(({ id }) => id),
        ["k1", "m1", "n"],
      );
      assert.deepEqual(await idsClaimed(traffic, 10), []);
      await done(traffic, first[0]!);
      const [second] = await traffic.queue.claim(["deliver"], 10, leaseMs);
      assert.equal(second?.id, "k2");
      await traffic.queue.release(second.id, second.claim);
      assert.deepEqual(await idsClaimed(traffic, 10), ["k2"]);
    },
  );

  promise("the same key in two lanes does not block", async ({ traffic }) => {
    const jobs = ["x", "y"].map((lane) => sampleJob({ id: lane, lane, key: "k" }));
    await traffic.journal.commit({ exchanges: [], jobs });
    assert.deepEqual((await idsClaimed(traffic, 10)).toSorted(), ["x", "y"]);
  });

  promise("lanes are served in turn: a backlog in one does not delay the others", async ({ traffic }) => {
    const backlog = Array.from({ length: 3_000 }, (_, i) =>
      sampleJob({ id: `big-${String(i).padStart(5, "0")}`, lane: "big", dueAt: 1 }),
    );
    await traffic.journal.commit({ exchanges: [], jobs: backlog });
    await traffic.queue.limit("big", 1_000);
    await traffic.journal.commit({
      exchanges: [],
      jobs: [
        sampleJob({ id: "s1", lane: "small", dueAt: 2 }),
        sampleJob({ id: "s2", lane: "small", dueAt: 3 }),
      ],
    });
    const ids = await idsClaimed(traffic, 4);
    assert.deepEqual(ids.toSorted(), ["big-00000", "big-00001", "s1", "s2"]);
  });

  promise(
    "a backlog larger than memory comes out whole, in due order, also after reopening",
    async ({ traffic, reopen }) => {
      const total = 2_600;
      const ids = Array.from({ length: total }, (_, i) => `j-${String(i).padStart(5, "0")}`);
      await Promise.all(
        ids.map((id, i) =>
          traffic.journal.commit({ exchanges: [], jobs: [sampleJob({ id, dueAt: 1_000 + i })] }),
        ),
      );
      assert.deepEqual(await drained(traffic, 600), ids.slice(0, 600));
      assert.deepEqual(await drained(await reopen(), total), ids.slice(600));
    },
  );
}

function leasePromises(promise: Promised): void {
  const prepared = async (traffic: Traffic): Promise<Job> => {
    await traffic.journal.commit({ exchanges: [], jobs: [sampleJob({ id: "a" })] });
    return only(await traffic.queue.claim(["deliver"], 10, leaseMs));
  };

  promise(
    "a lease that was not ended in time is void: the job comes again with a new claim",
    async ({ traffic, clock }) => {
      const first = await prepared(traffic);
      assert.deepEqual(await idsClaimed(traffic, 10), []);
      clock.advance(leaseMs);
      const second = only(await traffic.queue.claim(["deliver"], 10, leaseMs));
      assert.equal(second.id, first.id);
      assert.notEqual(second.claim, first.claim);
      assert.equal(await traffic.queue.renew(first.id, first.claim, leaseMs), false);
      assert.equal((await done(traffic, first)).kind, "stale");
      assert.equal((await done(traffic, second)).kind, "committed");
    },
  );

  promise("a renewed lease lasts from the renewal on", async ({ traffic, clock }) => {
    const job = await prepared(traffic);
    clock.advance(leaseMs - 1_000);
    assert.equal(await traffic.queue.renew(job.id, job.claim, leaseMs), true);
    clock.advance(leaseMs - 1_000);
    assert.deepEqual(await idsClaimed(traffic, 10), []);
    assert.equal((await done(traffic, job)).kind, "committed");
  });

  promise("a released job is due at once, and its old claim is worth nothing", async ({ traffic }) => {
    const job = await prepared(traffic);
    await traffic.queue.release(job.id, job.claim);
    await traffic.queue.release(job.id, job.claim);
    const again = only(await traffic.queue.claim(["deliver"], 10, leaseMs));
    assert.deepEqual(jobsOf([again]), jobsOf([job]));
    assert.equal((await done(traffic, job)).kind, "stale");
  });

  promise("leases are void after a restart", async ({ traffic, reopen }) => {
    const job = await prepared(traffic);
    const again = await reopen();
    assert.equal(await again.queue.renew(job.id, job.claim, leaseMs), false);
    assert.equal((await done(again, job)).kind, "stale");
    assert.equal(only(await again.queue.claim(["deliver"], 10, leaseMs)).id, "a");
  });
}

function lanePromises(promise: Promised): void {
  promise(
    "a held lane hands out nothing until it is resumed, also after reopening",
    async ({ traffic, reopen }) => {
      await traffic.journal.commit({
        exchanges: [],
        jobs: [sampleJob({ id: "a" }), sampleJob({ id: "b", lane: "other" })],
      });
      await traffic.queue.hold("lane_1", Infinity);
      assert.deepEqual(await idsClaimed(traffic, 10), ["b"]);
      const again = await reopen();
      assert.deepEqual(await idsClaimed(again, 10), ["b"]);
      await again.queue.resume("lane_1");
      assert.deepEqual(await idsClaimed(again, 10), ["a"]);
    },
  );

  promise(
    "a hold ends by itself at its time; leases under way go on during it",
    async ({ traffic, clock }) => {
      await traffic.journal.commit({
        exchanges: [],
        jobs: [sampleJob({ id: "a", dueAt: 1 }), sampleJob({ id: "b", dueAt: 2 })],
      });
      const a = only(await traffic.queue.claim(["deliver"], 1, leaseMs));
      await traffic.queue.hold("lane_1", clock.now() + 10_000);
      assert.equal((await done(traffic, a)).kind, "committed");
      assert.deepEqual(await idsClaimed(traffic, 10), []);
      clock.advance(10_001);
      assert.deepEqual(await idsClaimed(traffic, 10), ["b"]);
    },
  );

  promise(
    "a lane has at most 10 leases unless told otherwise, also after reopening",
    async ({ traffic, reopen }) => {
      const jobs = Array.from({ length: 30 }, (_, i) => sampleJob({ id: `j${i + 10}` }));
      await traffic.journal.commit({ exchanges: [], jobs });
      const first = await traffic.queue.claim(["deliver"], 100, leaseMs);
      assert.equal(first.length, 10);
      await done(traffic, first[0]!);
      assert.equal((await idsClaimed(traffic, 100)).length, 1);
      await traffic.queue.limit("lane_1", 12);
      assert.equal((await idsClaimed(traffic, 100)).length, 2);
      assert.equal((await idsClaimed(await reopen(), 100)).length, 12);
    },
  );

  promise(
    "work listeners hear of commits, due times, resumed lanes and ended leases",
    async ({ traffic, clock }) => {
      const heard = () =>
        new Promise<void>((resolve) => {
          const stop = traffic.queue.onWork(() => {
            stop();
            resolve();
          });
        });
      let next = heard();
      await traffic.journal.commit({ exchanges: [], jobs: [sampleJob({ id: "a" })] });
      await next;
      const a = only(await traffic.queue.claim(["deliver"], 10, 40));
      next = heard();
      await next; // The lease has run out.
      assert.equal(await traffic.queue.renew(a.id, a.claim, leaseMs), false);
      await done(traffic, only(await traffic.queue.claim(["deliver"], 10, leaseMs)));
      assert.deepEqual(await idsClaimed(traffic, 10), []);
      next = heard();
      await traffic.journal.commit({
        exchanges: [],
        jobs: [sampleJob({ id: "b", dueAt: clock.now() + 60 })],
      });
      await next;
      await traffic.queue.hold("lane_1", Infinity);
      assert.deepEqual(await idsClaimed(traffic, 10), []);
      next = heard();
      await traffic.queue.resume("lane_1");
      await next;
      assert.deepEqual(await idsClaimed(traffic, 10), ["b"]);
    },
  );

  promise("an idle queue is quiet", async ({ traffic, clock }) => {
    await traffic.journal.commit({ exchanges: [], jobs: [sampleJob({ dueAt: clock.now() + 3_600_000 })] });
    await traffic.queue.claim(["deliver"], 10, leaseMs);
    await settled();
    let calls = 0;
    traffic.queue.onWork(() => calls++);
    for (let i = 0; i < 20; i++) await settled();
    assert.equal(calls, 0);
  });
}

function openPromises(promise: Promised): void {
  const ending = (job: NewJob) =>
    sampleExchange({ parent: job.exchange, ending: "failed", error: "cancelled" });

  promise(
    "cancelling removes jobs, leased ones too, and writes an ending for each",
    async ({ traffic, reopen }) => {
      const jobs = Array.from({ length: 25 }, (_, i) => sampleJob({ id: `j${i + 10}` }));
      await traffic.journal.commit({
        exchanges: [],
        jobs: [...jobs, sampleJob({ id: "other", lane: "other" })],
      });
      const leased = only(await traffic.queue.claim(["deliver"], 1, leaseMs));
      const endings: NewExchange[] = [];
      const cancel = () =>
        traffic.queue.cancel(leased.lane, 20, (job) => {
          const exchange = ending(job);
          endings.push(exchange);
          return exchange;
        });
      const kept = leased.lane === "other" ? 25 : 1;
      const counts = [];
      for (let count = await cancel(); count > 0; count = await cancel()) counts.push(count);
      assert.deepEqual(counts, kept === 1 ? [20, 5] : [1]);
      assert.equal((await done(traffic, leased)).kind, "stale");
      const again = await reopen();
      assert.equal((await again.queue.depth()).open, kept);
      for (const exchange of endings)
        assert.equal((await again.recent.get("ws_1", exchange.id))?.ending, "failed");
    },
  );

  promise("cancelling reaches jobs beyond memory", async ({ traffic }) => {
    const jobs = Array.from({ length: 1_300 }, (_, i) => sampleJob({ id: `j${i}` }));
    await traffic.journal.commit({ exchanges: [], jobs });
    let removed = 0;
    for (let count = -1; count !== 0; removed += count)
      count = await traffic.queue.cancel("lane_1", 400, ending);
    assert.equal(removed, 1_300);
    assert.equal((await traffic.queue.depth()).open, 0);
    assert.deepEqual(await idsClaimed(traffic, 10), []);
  });

  promise("open jobs are listed by receipt, page by page, leased ones included", async ({ traffic }) => {
    const job = (id: string, change: Partial<NewJob>) => sampleJob({ id, ...change });
    await traffic.journal.commit({
      exchanges: [],
      jobs: [
        job("c", { receivedAt: 30 }),
        job("b", { receivedAt: 20, subject: "ep_2" }),
        job("a", { receivedAt: 20 }),
        job("d", { receivedAt: 40, name: "probe" }),
        job("e", { receivedAt: 50, workspace: "ws_2" }),
      ],
    });
    await traffic.queue.claim(["deliver"], 1, leaseMs);
    const list = async (change: object) =>
      (
        await traffic.queue.open({ workspace: "ws_1", names: ["deliver", "probe"], limit: 10, ...change })
      ).map(({ id }) => id);
    assert.deepEqual(await list({}), ["a", "b", "c", "d"]);
    assert.deepEqual(await list({ limit: 2 }), ["a", "b"]);
    assert.deepEqual(await list({ after: { receivedAt: 20, id: "a" } }), ["b", "c", "d"]);
    assert.deepEqual(await list({ names: ["deliver"] }), ["a", "b", "c"]);
    assert.deepEqual(await list({ subjects: ["ep_2"] }), ["b"]);
    assert.deepEqual(await list({ receivedFrom: 30, receivedTo: 40 }), ["c"]);
    assert.deepEqual(await list({ workspace: "ws_3" }), []);
    const count = await traffic.queue.countOpen({
      workspace: "ws_1",
      names: ["deliver", "probe"],
      receivedTo: 40,
    });
    assert.deepEqual(
      count,
      new Map([
        ["ep_1", 2],
        ["ep_2", 1],
      ]),
    );
  });

  promise("depth counts open and leased jobs and lanes", async ({ traffic }) => {
    assert.deepEqual(await traffic.queue.depth(), { open: 0, leased: 0, lanes: 0, oldestDueAt: null });
    const jobs = [sampleJob({ id: "a", dueAt: 7 }), sampleJob({ id: "b", dueAt: 5, lane: "other" })];
    await traffic.journal.commit({ exchanges: [], jobs });
    await traffic.queue.claim(["deliver"], 1, leaseMs);
    assert.deepEqual(await traffic.queue.depth(), { open: 2, leased: 1, lanes: 2, oldestDueAt: 5 });
  });
}

function recentPromises(promise: Promised): void {
  const full = (): NewExchange =>
    sampleExchange({
      parent: newExchangeId(5),
      trace: "0af7651916cd43dd8448eb211c80319c",
      status: null,
      error: "connect_refused",
      facts: { size: 3, ok: true, text: "é" },
      durationMs: 12.25,
      request: {
        headers: [
          ["X-A", "1"],
          ["x-a", "2"],
          ["X-Ü", "€ü"],
        ],
        body: { bytes: Buffer.from([0, 255, 10]), size: 9_000, sha256: "ab".repeat(32), truncated: true },
      },
      response: { headers: [], body: null },
    });

  promise(
    "an exchange reads back as it was committed, from memory and from the database",
    async ({ traffic, reopen }) => {
      const exchange = full();
      await traffic.journal.commit({ exchanges: [exchange], jobs: [] });
      assert.deepEqual(
        plain(await traffic.recent.get("ws_1", exchange.id)),
        plain({ ...exchange, number: 1 }),
      );
      assert.deepEqual(
        plain(await (await reopen()).recent.get("ws_1", exchange.id)),
        plain({ ...exchange, number: 1 }),
      );
    },
  );

  promise("content comes back from large groups too, each exchange its own", async ({ traffic, reopen }) => {
    const exchanges = Array.from({ length: 200 }, (_, i) =>
      sampleExchange({
        request: { headers: [["n", String(i)]], body: i % 3 === 0 ? null : bodyOf(`body ${i}`.repeat(i)) },
      }),
    );
    await Promise.all(
      exchanges.map((exchange) => traffic.journal.commit({ exchanges: [exchange], jobs: [] })),
    );
    const again = await reopen();
    for (const exchange of exchanges) {
      const read = await again.recent.get("ws_1", exchange.id);
      assert.deepEqual(read?.request.headers, exchange.request.headers);
      assert.deepEqual(plain(read.request.body?.bytes), plain(exchange.request.body?.bytes));
    }
  });

  promise("an exchange of another workspace, or of none, is unknown", async ({ traffic, reopen }) => {
    const exchange = sampleExchange();
    await traffic.journal.commit({ exchanges: [exchange], jobs: [] });
    assert.equal(await traffic.recent.get("ws_2", exchange.id), undefined);
    const again = await reopen();
    assert.equal(await again.recent.get("ws_2", exchange.id), undefined);
    assert.equal(await again.recent.get("ws_1", newExchangeId(1)), undefined);
    assert.equal(await again.recent.get("ws_1", "no id at all"), undefined);
  });

  promise("an exchange without content reads back without content", async ({ traffic, reopen }) => {
    const exchange = sampleExchange({ request: { headers: [], body: null }, response: null });
    await traffic.journal.commit({ exchanges: [exchange], jobs: [] });
    const read = await (await reopen()).recent.get("ws_1", exchange.id);
    assert.deepEqual([read?.request, read?.response], [{ headers: [], body: null }, null]);
  });
}

function only<T>(items: readonly T[]): T {
  assert.equal(items.length, 1);
  return items[0]!;
}

function jobsOf(jobs: readonly Job[]): NewJob[] {
  return jobs.map(({ claim: _, ...job }) => job);
}

async function idsClaimed(traffic: Traffic, limit: number): Promise<string[]> {
  return (await traffic.queue.claim(["deliver"], limit, leaseMs)).map(({ id }) => id);
}

function done(traffic: Traffic, job: Job): ReturnType<Traffic["journal"]["commit"]> {
  const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
  return traffic.journal.commit({ exchanges: [], jobs: [], finish });
}

/** Claims and finishes up to `limit` jobs; their ids in the order they came. */
async function drained(traffic: Traffic, limit: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < limit) {
    const jobs = await traffic.queue.claim(["deliver"], Math.min(10, limit - ids.length), leaseMs);
    if (jobs.length === 0) break;
    ids.push(...jobs.map(({ id }) => id));
    await Promise.all(jobs.map((job) => done(traffic, job)));
  }
  return ids;
}

/** Lets everything happen that is about to. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Bytes as hex, so that Buffer and Uint8Array compare. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, item) =>
      item?.type === "Buffer" ? Buffer.from(item.data).toString("hex") : item,
    ),
  );
}
