import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { databases, type Database } from "../../src/engines/databases.ts";
import { sampleExchange, sampleJob } from "../../src/engines/traffic/samples.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { Secret } from "../../src/kernel/secret.ts";
import { newSchema } from "./places.ts";

const leaseMs = 600_000;

/** A node that has a job and a lease, and the folder it works in; it is never closed, as if it had been killed. */
async function holdingNode(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-predecessor-"));
  const url = new Secret(await newSchema());
  const open = (): Promise<Database> =>
    databases.postgres({ folder, url, clock: wallClock, version: "0.0.0", log: (line) => assert.fail(line) });
  const first = await open();
  t.after(async () => {
    await first.close();
    await rm(folder, { recursive: true });
  });
  const exchange = sampleExchange();
  await first.traffic.journal.commit({
    exchanges: [exchange],
    jobs: [sampleJob({ exchange: exchange.id, dueAt: wallClock.now() })],
  });
  assert.equal((await first.traffic.queue.claim(["deliver"], 10, leaseMs)).length, 1);
  assert.equal(await first.store.lease("upkeep", leaseMs), true);
  return { folder, open };
}

test("who starts in the folder of a node that was killed has at once what that one held", async (t) => {
  const { open } = await holdingNode(t);
  const next = await open();
  t.after(() => next.close());
  assert.equal((await next.traffic.queue.claim(["deliver"], 10, leaseMs)).length, 1);
  assert.equal(await next.store.lease("upkeep", leaseMs), true);
});

test("who starts in a copy of a node's folder on another host takes nothing from it", async (t) => {
  const { folder, open } = await holdingNode(t);
  const file = join(folder, "node.json");
  const noted = JSON.parse(await readFile(file, "utf8")) as object;
  await writeFile(file, JSON.stringify({ ...noted, host: "elsewhere.example" }));
  const next = await open();
  t.after(() => next.close());
  assert.equal((await next.traffic.queue.claim(["deliver"], 10, leaseMs)).length, 0);
  assert.equal(await next.store.lease("upkeep", leaseMs), false);
});

test("a note that someone broke is no trouble", async (t) => {
  const { folder, open } = await holdingNode(t);
  await writeFile(join(folder, "node.json"), "{");
  const next = await open();
  t.after(() => next.close());
  assert.equal((await next.traffic.queue.depth()).open, 1);
});
