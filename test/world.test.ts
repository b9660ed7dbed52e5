import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { newExchangeId } from "../src/kernel/id.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
before(async () => {
  world = await openWorld();
});
after(() => world.close());

test("what is left behind is counted by what it is, since the last mark", async () => {
  const { store, traffic, counters, clock } = world.engines;
  const workspace = await world.newWorkspace();
  assert.deepEqual(world.leftBehind(), { workspace: 1, environment: 3, bucket: 5, history: 9 });
  world.mark();
  assert.deepEqual(world.leftBehind(), {});

  const at = clock.now();
  const exchange = newExchangeId(at);
  const body = { bytes: Buffer.from("{}"), size: 2, sha256: "", truncated: false };
  await traffic.journal.commit({
    exchanges: [
      {
        id: exchange,
        workspace,
        environment: "production",
        bucket: "default",
        plane: "webhooks",
        kind: "event",
        subject: "ep_1",
        parent: null,
        trace: null,
        startedAt: at,
        durationMs: 1,
        method: "POST",
        host: "",
        path: "/",
        route: "",
        status: 200,
        outcome: "accepted",
        attempt: null,
        error: null,
        ending: null,
        receivedAt: at,
        facts: {},
        response: null,
        request: { headers: [], body },
      },
    ],
    jobs: [
      {
        id: "job_1",
        workspace,
        name: "deliver",
        payload: "{}",
        lane: "ep_1",
        key: null,
        dueAt: at,
        attempt: 0,
        exchange,
        receivedAt: at,
        subject: "ep_1",
      },
    ],
    tally: [{ key: "quota", amount: 1 }],
  });
  await traffic.queue.hold("ep_1", Infinity);
  await counters.reserve("budget", { id: "r1", amount: 1, limit: 5, expiresAt: at + 1_000 });
  await store.commit({
    workspace,
    at,
    actor: { kind: "system", id: "test" },
    operation: "test",
    records: [],
    entries: [{ collection: "plans", key: "a", value: 1, expiresAt: at + 1_000, mustBeNew: true }],
    outbox: [{ id: "msg_1", name: "told", payload: "{}" }],
    audit: { id: "aud_1", subjects: [], detail: {} },
  });
  assert.deepEqual(world.leftBehind(), {
    audit: 1,
    "entry:plans": 1,
    exchange: 1,
    job: 1,
    lane: 1,
    outbox: 1,
    budget: 1,
    reservation: 1,
    tally: 1,
  });
});

test("a row that is altered or removed counts as much as one that is new", async () => {
  const { store, clock } = world.engines;
  const workspace = await world.newWorkspace();
  const put = (value: unknown) =>
    store.commit({
      workspace,
      at: clock.now(),
      actor: { kind: "system", id: "test" },
      operation: "test",
      records: [],
      outbox: [],
      audit: null,
      entries: [{ collection: "plans", key: "b", value, expiresAt: clock.now() + 1_000, mustBeNew: false }],
    });
  await put(1);
  world.mark();
  await put(2);
  assert.deepEqual(world.leftBehind(), { "entry:plans": 1 });
  world.mark();
  await put(null);
  assert.deepEqual(world.leftBehind(), { "entry:plans": 1 });
});

test("the clock moves when told to", () => {
  const start = world.clock.now();
  world.clock.advance(1_000);
  assert.equal(world.engines.clock.now(), start + 1_000);
});

test("sending beyond loopback is a mistake of the test, and is not carried out", async () => {
  const request = { method: "GET", headers: [], body: null, timeoutMs: 1_000, readMax: 1 };
  assert.throws(() => world.engines.outbound.send({ ...request, url: "https://example.com/" }), /loopback/);
  assert.deepEqual(world.sends, []);
  await world.engines.outbound.send({ ...request, url: "http://127.0.0.1:1/" });
  assert.equal(world.sends.length, 1);
});
