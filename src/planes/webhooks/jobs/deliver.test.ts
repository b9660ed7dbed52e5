import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Webhook } from "standardwebhooks";
import {
  openRunningWorld,
  openTarget,
  type MadeEndpoint,
  type Reached,
  type RunningWorld,
} from "../../../../test/running-world.ts";
import { deliverJob } from "../delivery.ts";
import { getEndpoint } from "../operations/get-endpoint.ts";
import { getLogDetail } from "../operations/get-log-detail.ts";
import { replayWebhooks } from "../operations/replay-webhooks.ts";
import { rotateSigningSecret } from "../operations/rotate-signing-secret.ts";
import { updateEndpoint } from "../operations/update-endpoint.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

let world: RunningWorld;
let workspace: string;
before(async () => {
  world = await openRunningWorld();
  workspace = await world.newWorkspace();
});
after(() => world.close());

/** An endpoint with a target of its own, both gone with the test. */
async function pair(input: Record<string, unknown> = {}) {
  const target = await openTarget();
  opened.push(target);
  const endpoint = await world.endpointIn(workspace, { targetUrl: target.url, ...input });
  return { target, endpoint };
}

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((target) => target.close()));
});

/** How long after an attempt the next one is due; undefined when there is none. */
async function waitAfter(event: string, attempt: number): Promise<number | undefined> {
  const made = (await world.attemptsAt(workspace, event, attempt))[attempt - 1]!;
  const due = made.facts["nextAttemptAt"];
  return typeof due === "number" ? due - world.clock.now() : undefined;
}

/** Nothing of the endpoint's is to be had now. */
async function nothingIsDue(): Promise<void> {
  assert.deepEqual(await world.engines.traffic.queue.claim([deliverJob], 10, second), []);
}

/** Follows the schedule to its end; answers the waits there were. */
async function waitsOf(event: string): Promise<readonly number[]> {
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 20; attempt++) {
    const wait = await waitAfter(event, attempt);
    if (wait === undefined) return waits;
    waits.push(wait);
    world.moveOn(wait - 1);
    await nothingIsDue();
    world.moveOn(1);
  }
  return assert.fail("the schedule does not end");
}

function within(waits: readonly number[], schedule: readonly number[]): void {
  assert.equal(waits.length, schedule.length);
  for (const [i, wait] of waits.entries())
    assert.ok(wait >= schedule[i]! * 0.8 && wait <= schedule[i]! * 1.2, `wait ${i + 1} is ${wait} ms`);
}

describe("what reaches the target", () => {
  test("the body to the byte, under the method it came by", async () => {
    const it = await pair();
    const body = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const { id } = await world.arrive(it.endpoint, { method: "PUT", body });
    await world.endingOf(workspace, id);
    assert.equal(it.target.reached[0]!.method, "PUT");
    assert.deepEqual(it.target.reached[0]!.body, body);
  });

  test("the sender's headers without those of its connection and of the way here, then ours", async () => {
    const it = await pair();
    const { id } = await world.arrive(it.endpoint, {
      headers: [
        ["Host", "sluice.example"],
        ["Connection", "close, X-Hop"],
        ["X-Hop", "1"],
        ["Keep-Alive", "timeout=5"],
        ["Transfer-Encoding", "chunked"],
        ["TE", "trailers"],
        ["Upgrade", "h2c"],
        ["Proxy-Authorization", "Basic fake"],
        ["Content-Length", "24"],
        ["Expect", "100-continue"],
        ["Accept-Encoding", "br"],
        ["Forwarded", "for=1.2.3.4"],
        ["X-Forwarded-For", "1.2.3.4"],
        ["X-Real-IP", "1.2.3.4"],
        ["Via", "1.1 proxy"],
        ["CF-Ray", "1"],
        ["Sluice-Id", "forged"],
        ["sluice-verified", "true"],
        ["Content-Type", "application/json; charset=utf-8"],
        ["X-Shop", "1"],
        ["x-note", "[redacted]"],
        ["X-Shop", "2"],
      ],
    });
    await world.endingOf(workspace, id);
    const [{ headers }] = it.target.reached as [Reached];
    const { host } = new URL(it.target.url);
    const kept = headers.filter(
      ([name]) => !/^(sluice-(timestamp|signature)|traceparent|connection|keep-alive)$/.test(name),
    );
    assert.deepEqual(
      new Map(
        kept
          .filter(([name]) => /^(host|content-length|sluice-)/i.test(name))
          .map(([name, value]) => [name.toLowerCase(), value]),
      ),
      new Map([
        ["host", host],
        ["content-length", "24"],
        ["sluice-id", id],
        ["sluice-attempt", "1"],
        ["sluice-received-at", new Date(world.clock.now()).toISOString()],
        ["sluice-verified", "none"],
      ]),
    );
    assert.deepEqual(
      kept.filter(([name]) => !/^(host|content-length|sluice-)/i.test(name)),
      [
        ["Content-Type", "application/json; charset=utf-8"],
        ["X-Shop", "1"],
        ["x-note", "[redacted]"],
        ["X-Shop", "2"],
      ],
    );
    assert.match(it.target.reached[0]!.header("traceparent")!, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test("a header whose value reads as redacted, though nothing was", async () => {
    const it = await pair();
    const { id } = await world.arrive(it.endpoint, { headers: [["X-Note", "[redacted]"]] });
    await world.endingOf(workspace, id);
    assert.equal(it.target.reached[0]!.header("x-note"), "[redacted]");
  });

  test("a signature that the standardwebhooks package accepts, anew at each attempt", async () => {
    const it = await pair();
    const { signingSecret } = await world.call(workspace, rotateSigningSecret, {
      endpointId: it.endpoint.id,
    });
    it.target.answer(() => ({ status: 500 }));
    const { id } = await world.arrive(it.endpoint, { body: '{"order":"é"}' });
    world.moveOn((await waitAfter(id, 1))!);
    await world.attemptsAt(workspace, id, 2);

    const webhook = new Webhook(String(signingSecret));
    for (const [i, request] of it.target.reached.entries()) {
      const { "webhook-timestamp": at, "webhook-signature": signature } = renamed(request);
      assert.equal(request.header("sluice-attempt"), String(i + 1));
      // `verify` holds the time against the real clock, which is not the world's.
      assert.equal(signature, webhook.sign(id, new Date(Number(at) * second), request.body.toString()));
    }
    const [first, next] = it.target.reached.map((request) => request.header("sluice-timestamp"));
    assert.notEqual(first, next);
  });

  test("the package verifies what is sent at the real time", async () => {
    const present = await openRunningWorld();
    try {
      present.moveOn(Date.now() - present.clock.now());
      const own = await present.newWorkspace();
      const endpoint = await present.endpointIn(own);
      const { signingSecret } = await present.call(own, rotateSigningSecret, { endpointId: endpoint.id });
      const { id } = await present.arrive(endpoint, { body: '{"order":7}' });
      await present.endingOf(own, id);
      const request = present.target.reached[0]!;
      const webhook = new Webhook(String(signingSecret));
      assert.deepEqual(webhook.verify(request.body.toString(), renamed(request)), { order: 7 });
      assert.throws(() => webhook.verify('{"order":8}', renamed(request)));
    } finally {
      await present.close();
    }
  });
});

/** Our three headers under the names of the specification. */
function renamed(request: Reached): Record<string, string> {
  return Object.fromEntries(
    ["id", "timestamp", "signature"].map((name) => [`webhook-${name}`, request.header(`sluice-${name}`)!]),
  );
}

describe("when the target fails", () => {
  test("12 attempts over 70 hours, each due within 20 % of its wait, then the event has failed", async () => {
    const it = await pair();
    it.target.answer(() => ({ status: 503 }));
    const { id } = await world.arrive(it.endpoint);
    within(await waitsOf(id), [
      5 * second,
      30 * second,
      2 * minute,
      10 * minute,
      30 * minute,
      hour,
      3 * hour,
      6 * hour,
      12 * hour,
      24 * hour,
      24 * hour,
    ]);
    assert.equal(it.target.reached.length, 12);
    const { ending, error } = await world.endingOf(workspace, id);
    assert.deepEqual({ ending, error }, { ending: "failed", error: "status_503" });
    assert.deepEqual(
      it.target.reached.map((request) => request.header("sluice-attempt")),
      Array.from({ length: 12 }, (_, i) => String(i + 1)),
    );
  });

  test("what the target says is wrong with the request is tried 5 times over 7 hours", async () => {
    const it = await pair();
    it.target.answer(() => ({ status: 404 }));
    const { id } = await world.arrive(it.endpoint);
    within(await waitsOf(id), [30 * second, 10 * minute, hour, 6 * hour]);
    assert.equal((await world.endingOf(workspace, id)).error, "status_404");
  });

  for (const [status, wait] of [
    [408, 5 * second],
    [425, 5 * second],
    [429, 5 * second],
    [500, 5 * second],
    [599, 5 * second],
    [302, 30 * second],
    [400, 30 * second],
    [401, 30 * second],
  ] as const)
    test(`after ${status} the next attempt comes in ${wait / second} s`, async () => {
      const it = await pair({ maxAttempts: 2 });
      it.target.answer(() => ({ status }));
      const { id } = await world.arrive(it.endpoint);
      within(await waitsOf(id), [wait]);
    });

  test("an endpoint's own number of attempts is the most there are", async () => {
    const it = await pair({ maxAttempts: 1 });
    it.target.answer(() => ({ status: 500 }));
    const { id } = await world.arrive(it.endpoint);
    assert.deepEqual(await waitsOf(id), []);
    assert.equal((await world.endingOf(workspace, id)).ending, "failed");
    assert.equal(it.target.reached.length, 1);
  });

  test("one that works in between ends it", async () => {
    const it = await pair();
    it.target.answer((request) => ({ status: request.header("sluice-attempt") === "1" ? 500 : 200 }));
    const { id } = await world.arrive(it.endpoint);
    assert.equal((await waitsOf(id)).length, 1);
    assert.equal((await world.endingOf(workspace, id)).ending, "delivered");
  });

  test("nothing listens there: tried again, and told by its reason", async () => {
    const endpoint = await world.endpointIn(workspace, { targetUrl: "http://127.0.0.1:1/", maxAttempts: 2 });
    const { id } = await world.arrive(endpoint);
    within(await waitsOf(id), [5 * second]);
    const { error, status } = await world.endingOf(workspace, id);
    assert.deepEqual({ error, status }, { error: "connect_refused", status: null });
  });

  test("a target that does not answer in the endpoint's time is given up on", async () => {
    const it = await pair({ timeoutSeconds: 1, maxAttempts: 1 });
    it.target.answer(() => new Promise(() => {}));
    const { id } = await world.arrive(it.endpoint);
    assert.equal((await world.endingOf(workspace, id)).error, "timeout");
  });

  test("a redirect is not followed", async () => {
    const elsewhere = await pair();
    const it = await pair({ maxAttempts: 1 });
    it.target.answer(() => ({ status: 307, headers: { location: elsewhere.target.url } }));
    const { id } = await world.arrive(it.endpoint);
    assert.equal((await world.endingOf(workspace, id)).error, "status_307");
    assert.equal(elsewhere.target.reached.length, 0);
  });

  test("of a long answer 64 KiB are kept, and it says so", async () => {
    const it = await pair();
    it.target.answer(() => ({ status: 200, body: "a".repeat(100_000) }));
    const { id } = await world.arrive(it.endpoint);
    const { response } = await world.endingOf(workspace, id);
    assert.equal(response?.body?.bytes.length, 65_536);
    assert.equal(response.body.size, 100_000);
    assert.equal(response.body.truncated, true);
  });
});

describe("what a target asks for", () => {
  async function refusedWith(
    endpoint: MadeEndpoint,
    it: { target: Awaited<ReturnType<typeof openTarget>> },
    status: number,
    retryAfter: string,
  ) {
    it.target.answer(() => ({ status, headers: { "retry-after": retryAfter } }));
    const { id } = await world.arrive(endpoint);
    return { id, wait: await waitAfter(id, 1) };
  }

  for (const status of [429, 503])
    test(`Retry-After with ${status} holds everything of the endpoint for as long`, async () => {
      const it = await pair();
      const { id, wait } = await refusedWith(it.endpoint, it, status, "100");
      assert.equal(wait, 100 * second);
      it.target.answer(() => ({ status: 200 }));
      const later = await world.arrive(it.endpoint);
      await nothingIsDue();
      world.moveOn(100 * second - 1);
      await nothingIsDue();
      assert.equal(it.target.reached.length, 1);
      world.moveOn(1);
      await world.endingOf(workspace, id);
      await world.endingOf(workspace, later.id);
      assert.equal(it.target.reached.length, 3);
    });

  test("Retry-After with 500 puts off that one event", async () => {
    const it = await pair();
    const { wait } = await refusedWith(it.endpoint, it, 500, "100");
    assert.equal(wait, 100 * second);
    it.target.answer(() => ({ status: 200 }));
    const { id } = await world.arrive(it.endpoint);
    await world.endingOf(workspace, id);
  });

  test("it is honoured up to 6 hours, and never makes the wait shorter", async () => {
    const it = await pair();
    assert.equal((await refusedWith(it.endpoint, it, 500, "999999")).wait, 6 * hour);
    within([(await refusedWith(it.endpoint, it, 500, "1")).wait!], [5 * second]);
    const date = new Date(world.clock.now() + 50 * second).toUTCString();
    const { wait } = await refusedWith(it.endpoint, it, 500, date);
    assert.ok(wait! > 49 * second && wait! <= 50 * second);
    within([(await refusedWith(it.endpoint, it, 500, "soon")).wait!], [5 * second]);
  });

  test("410 pauses the endpoint and keeps what it has; resumed, that is delivered", async () => {
    const it = await pair();
    it.target.answer(() => ({ status: 410 }));
    const { id } = await world.arrive(it.endpoint);
    await world.attemptsAt(workspace, id, 1);
    await nothingIsDue();
    assert.equal(it.target.reached.length, 1);
    assert.partialDeepStrictEqual(await world.call(workspace, getEndpoint, { endpointId: it.endpoint.id }), {
      isActive: false,
      pausedBecause: "The target answered 410 Gone: it wants no more webhooks.",
      live: { pending: 1 },
    });
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: id }), {
      state: "pending",
    });
    const later = await world.arrive(it.endpoint);
    assert.equal(later.status, 200);

    it.target.answer(() => ({ status: 200 }));
    const resumed = await world.call(workspace, updateEndpoint, {
      endpointId: it.endpoint.id,
      isActive: true,
    });
    assert.partialDeepStrictEqual(resumed, { isActive: true, pausedBecause: null });
    for (const event of [id, later.id])
      assert.equal((await world.endingOf(workspace, event)).ending, "delivered");
  });

  test("410 to several at once pauses once, and loses none of them", async () => {
    const it = await pair();
    it.target.answer(() => ({ status: 410 }));
    const events = await Promise.all(Array.from({ length: 20 }, () => world.arrive(it.endpoint)));
    await it.target.came(1);
    await world.attemptsAt(workspace, events[0]!.id, 1);
    await nothingIsDue();
    it.target.answer(() => ({ status: 200 }));
    // An attempt that is under way pauses it again.
    await world.idle();
    await world.call(workspace, updateEndpoint, { endpointId: it.endpoint.id, isActive: true });
    for (const { id } of events) assert.equal((await world.endingOf(workspace, id)).ending, "delivered");
  });
});

test("a replay goes without the credentials, which were kept for the first delivery alone, and says that it is one", async () => {
  const it = await pair({ maxAttempts: 1 });
  it.target.answer(() => ({ status: 500 }));
  const { id } = await world.arrive(it.endpoint, {
    headers: [
      ["Authorization", "Bearer fake"],
      ["X-Shop", "1"],
    ],
  });
  await world.endingOf(workspace, id);
  it.target.answer(() => ({ status: 200 }));
  const { planId } = await world.call(workspace, replayWebhooks, { endpointId: it.endpoint.id });
  await world.whileTimePasses(world.call(workspace, replayWebhooks, { planId }));
  const [first, replayed] = it.target.reached as [Reached, Reached];
  assert.equal(first.header("authorization"), "Bearer fake");
  assert.equal(first.header("sluice-replay"), undefined);
  assert.equal(replayed.header("authorization"), undefined);
  assert.equal(replayed.header("x-shop"), "1");
  assert.equal(replayed.header("sluice-replay"), "true");
  assert.equal(replayed.header("sluice-id"), id);
  assert.deepEqual(replayed.body, first.body);
});
