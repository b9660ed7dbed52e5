import assert from "node:assert/strict";
import type { NewExchange } from "../../kernel/exchange.ts";
import type { Promised } from "./promised.ts";
import { sampleExchange, sampleJob, only, idsClaimed, done, settled, leaseMs } from "./samples.ts";
import type { NewJob } from "../../kernel/job.ts";

/** What `Queue` promises of lanes and of the jobs in them. */
export function lanePromises(promise: Promised): void {
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

export function openPromises(promise: Promised): void {
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

  promise("open jobs are cancelled as they are listed, leased ones too", async ({ traffic }) => {
    const jobs = [10, 20, 30].map((receivedAt) =>
      sampleJob({ id: `j${receivedAt}`, lane: `lane_${receivedAt}`, receivedAt }),
    );
    await traffic.journal.commit({ exchanges: [], jobs });
    await traffic.queue.hold("lane_10", Infinity);
    const leased = await traffic.queue.claim(["deliver"], 1, leaseMs);
    const query = { workspace: "ws_1", names: ["deliver"], receivedTo: 30, limit: 10 };
    assert.equal(await traffic.queue.cancelOpen(query, ending), 2);
    assert.equal(await traffic.queue.cancelOpen(query, ending), 0);
    assert.equal((await done(traffic, only(leased))).kind, "stale");
    assert.deepEqual(
      (await traffic.queue.open({ ...query, receivedTo: 100 })).map(({ id }) => id),
      ["j30"],
    );
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
