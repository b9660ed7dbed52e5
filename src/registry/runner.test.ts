import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleExchange, sampleJob } from "../engines/traffic/samples.ts";
import { openWorld } from "../../test/world.ts";
import { Failure } from "../kernel/failure.ts";
import { startRunner } from "./runner.ts";

test("jobs beyond those that run at once are handed out as others end, though nothing else happens", async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const { traffic } = world.engines;
  const exchange = sampleExchange();
  const jobs = Array.from({ length: 450 }, (_, i) =>
    sampleJob({ id: `job_${i}`, lane: `lane_${i}`, name: "stay", exchange: exchange.id }),
  );
  await traffic.journal.commit({ exchanges: [exchange], jobs });

  const ran = new Set<string>();
  const { promise: all, resolve: allRan } = Promise.withResolvers<void>();
  const { promise: go, resolve: letGo } = Promise.withResolvers<void>();
  // Ends no job, so that no commit tells of work: only the end of its run makes room.
  const stay = {
    name: "stay",
    leaseMs: 60_000,
    async run(job: { readonly id: string }) {
      ran.add(job.id);
      if (ran.size === 200) setImmediate(letGo);
      if (ran.size === jobs.length) allRan();
      await go;
    },
  };
  const runner = startRunner([stay], world.engines);
  t.after(() => runner.stop(0));
  await all;
  assert.equal(ran.size, jobs.length);
});

test("a job that the database broke off is given back when it can be, and does not wait for its lease", async (t) => {
  const world = await openWorld();
  t.after(() => world.close());
  const { traffic } = world.engines;
  const exchange = sampleExchange();
  const job = sampleJob({ name: "flaky", exchange: exchange.id });
  await traffic.journal.commit({ exchanges: [exchange], jobs: [job] });

  let runs = 0;
  const { promise: again, resolve: ranAgain } = Promise.withResolvers<void>();
  const flaky = {
    name: "flaky",
    leaseMs: 60_000,
    async run() {
      if (++runs > 1) ranAgain();
      else throw new Failure("unavailable", "The database cannot be reached.");
    },
  };
  // The clock stands still, so that no lease lapses.
  const runner = startRunner([flaky], world.engines);
  t.after(() => runner.stop(0));
  await again;
  assert.equal(runs, 2);
});
