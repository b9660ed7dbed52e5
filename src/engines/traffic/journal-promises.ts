import assert from "node:assert/strict";
import { newExchangeId } from "../../kernel/id.ts";
import type { Promised } from "./promised.ts";
import { sampleExchange, sampleJob, only, jobsOf, settled, leaseMs } from "./samples.ts";
import type { Job, Traffic } from "./traffic.ts";

const hourMs = 3_600_000;

/** What `Journal` promises. */
export function journalPromises(promise: Promised): void {
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

  promise("an entry committed again under the same ids is stored once", async ({ traffic, reopen }) => {
    const exchange = sampleExchange();
    const unless = { key: "k", expiresAt: Number.MAX_SAFE_INTEGER };
    const entry = { exchanges: [exchange], jobs: [sampleJob()], unless };
    assert.deepEqual(await traffic.journal.commit(entry), { kind: "committed" });
    assert.deepEqual(await traffic.journal.commit(entry), { kind: "committed" });
    const again = await reopen();
    assert.equal((await again.queue.depth()).open, 1);
    const stored = await again.recent.get("ws_1", exchange.id);
    assert.deepEqual([stored?.number, stored?.ending], [1, null]);
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

export function keyPromises(promise: Promised): void {
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
      const unless = { key: "k", expiresAt: clock.now() + hourMs };
      await traffic.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless });
      const again = await reopen();
      assert.equal(
        (await again.journal.commit({ exchanges: [sampleExchange()], jobs: [], unless })).kind,
        "duplicate",
      );
      clock.advance(hourMs + 1);
      const later = { key: "k", expiresAt: clock.now() + hourMs };
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

export function finishPromises(promise: Promised): void {
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
