import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { newSchema } from "../../../test/engines/places.ts";
import { startPostgres } from "../../../test/postgres-server.ts";
import { openNode } from "../postgres/node.ts";
import { migrate } from "../postgres/schema.ts";
import type { Counters } from "./counters.ts";
import { postgresCounters } from "./postgres.ts";
import { countersPart } from "./postgres/schema.ts";

const minuteMs = 60_000;
const clock = { now: () => 0 };

async function openCounters(t: TestContext, url: string): Promise<Counters> {
  const node = openNode({ url, log: (line) => t.diagnostic(line) });
  t.after(() => node.close());
  await migrate(node.database, [countersPart]);
  return postgresCounters(node, clock);
}

test("nodes that reserve from one budget at the same moment never exceed it together", async (t) => {
  const url = await newSchema();
  const nodes = [await openCounters(t, url), await openCounters(t, url)] as const;
  const tries = Array.from({ length: 40 }, (_, n) =>
    nodes[n % 2]!.reserve("b", { id: `r${n}`, amount: 7, limit: 100, expiresAt: minuteMs }),
  );
  const granted = (await Promise.all(tries)).filter((answer) => answer.granted);
  assert.equal(granted.length, 14);
  await Promise.all(tries.map((_, n) => nodes[n % 2]!.settle("b", `r${n}`, 5)));
  await Promise.all(tries.map((_, n) => nodes[(n + 1) % 2]!.settle("b", `r${n}`, 5)));
  assert.deepEqual(await nodes[0].read("b"), { used: 70, reserved: 0 });
});

test("nodes count the hits of a window together, each once", async (t) => {
  const url = await newSchema();
  const nodes = [await openCounters(t, url), await openCounters(t, url)] as const;
  const hits = await Promise.all(Array.from({ length: 30 }, (_, n) => nodes[n % 2]!.hit("a", 20, minuteMs)));
  assert.deepEqual(
    hits.map(({ count }) => count).toSorted((a, b) => a - b),
    Array.from({ length: 30 }, (_, n) => n + 1),
  );
  assert.equal(hits.filter(({ allowed }) => allowed).length, 20);
});

test("while the database is away a node counts by itself, and reserves nothing", async (t) => {
  const server = await startPostgres({ durable: false });
  t.after(() => server.dispose());
  const counters = await openCounters(t, await server.newDatabase());
  await counters.reserve("b", { id: "r1", amount: 60, limit: 100, expiresAt: minuteMs });
  await server.stop("fast");
  const hits = [await counters.hit("a", 1, minuteMs), await counters.hit("a", 1, minuteMs)];
  assert.deepEqual(
    hits.map(({ allowed }) => allowed),
    [true, false],
  );
  const more = { id: "r2", amount: 1, limit: 100, expiresAt: minuteMs };
  await assert.rejects(counters.reserve("b", more), { kind: "unavailable" });
  await server.start();
  assert.deepEqual(await counters.reserve("b", more), { granted: true, left: 39 });
});
