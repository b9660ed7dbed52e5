import assert from "node:assert/strict";
import type { Promised } from "./promised.ts";
import { sampleJob, only, jobsOf, idsClaimed, done, drained, leaseMs } from "./samples.ts";
import type { Job, Traffic } from "./traffic.ts";

/** What `Queue` promises of the order of jobs and of leases. */
export function queuePromises(promise: Promised): void {
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

export function leasePromises(promise: Promised): void {
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
