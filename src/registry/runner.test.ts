import assert from "node:assert/strict";
import { test } from "node:test";
import { sampleExchange, sampleJob } from "../engines/traffic/samples.ts";
import { openWorld } from "../../test/world.ts";
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
