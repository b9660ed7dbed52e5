// Alerts at work: what is counted, decided, stored and delivered to a real target, by a clock that is moved.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { after, before, beforeEach, describe, test } from "node:test";
import { slotOf } from "../../../../capture/slots.ts";
import {
  openRunningWorld,
  openTarget,
  type RunningWorld,
  type Target,
} from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Principal } from "../../../kernel/principal.ts";
import type { Engines } from "../../../registry/engines.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { updateEndpoint } from "../../webhooks/operations/update-endpoint.ts";
import { compareWindows } from "../operations/compare-windows.ts";
import { listEvents } from "../operations/list-events.ts";
import { summaryOf } from "../summary.ts";
import { notifyJob } from "./notification.ts";
import { createAlert } from "./operations/create-alert.ts";
import { deleteAlert } from "./operations/delete-alert.ts";
import { listAlerts } from "./operations/list-alerts.ts";
import { testAlert } from "./operations/test-alert.ts";
import { updateAlert } from "./operations/update-alert.ts";

const minuteMs = 60_000;
const errorRate = { kind: "error_rate", above: 0.1, requestsMin: 10 };

/** What passes in one minute. */
type Passing = {
  readonly well?: number;
  readonly failed?: number;
  readonly ms?: number;
  readonly bucket?: string;
  readonly environment?: string;
  readonly route?: string;
};

let world: RunningWorld;
/** Whether notifications cannot be handed over, as by a node that is killed before it does. */
let isCut = false;
/** Of each test. */
let workspace: string;
let target: Target;

before(async () => {
  world = await openRunningWorld(cuttable);
});
after(() => world.close());
beforeEach(async (t) => {
  workspace = await world.newWorkspace();
  const own = await openTarget();
  target = own;
  if ("after" in t) t.after(() => own.close());
});

function cuttable(engines: Engines): Engines {
  const { journal } = engines.traffic;
  const commit: typeof journal.commit = async (entry) => {
    if (isCut && entry.exchanges.some(({ kind }) => kind === "notification"))
      throw new Failure("unavailable", "The node is gone.");
    return journal.commit(entry);
  };
  return { ...engines, traffic: { ...engines.traffic, journal: { ...journal, commit } } };
}

/** Counts what passes in the minute that begins at `at`. */
async function pass(at: number, passing: Passing, where = workspace): Promise<void> {
  const {
    well = 0,
    failed = 0,
    ms = 20,
    bucket = "default",
    environment = "production",
    route = "/",
  } = passing;
  const parts = [
    { status: 200, count: well },
    { status: 500, count: failed },
  ].filter(({ count }) => count > 0);
  await world.engines.traffic.journal.commit({
    exchanges: [],
    jobs: [],
    summaries: parts.map(({ status, count }) =>
      summaryOf(
        {
          at,
          method: "GET",
          route,
          status,
          outcome: "answered",
          count,
          requestBytes: 0,
          responseBytes: 0,
          durationMs: ms * count,
          durations: [[slotOf(ms), count]],
        },
        { workspace: where, environment, bucket, id: "" },
      ),
    ),
  });
}

function minuteNow(): number {
  return Math.floor(world.clock.now() / minuteMs) * minuteMs;
}

/** So many minutes go by, in each of which this passes and alerts are looked at. */
async function minutes(count: number, passing: Passing): Promise<void> {
  for (let n = 0; n < count; n++) {
    await pass(minuteNow(), passing);
    world.moveOn(minuteMs);
    await world.lookAtAlerts();
    await atRest();
  }
}

/** Resolves once no notification is due or under way: a clock that is moved meanwhile would void its lease. */
async function atRest(): Promise<void> {
  const { queue } = world.engines.traffic;
  for (;;) {
    const open = await queue.open({ workspace, names: [notifyJob], limit: 100 });
    if (open.every(({ dueAt }) => dueAt > world.clock.now())) return;
    await sleep(5);
  }
}

async function alertWith(input: object): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await world.call(workspace, createAlert, {
    name: "checkout",
    watch: errorRate,
    targetUrl: target.url,
    ...input,
  });
  return { id: String(made["id"]), secret: String(made["signingSecret"]) };
}

type Said = { readonly id: string; readonly type: string; readonly data: Output; readonly attempt: string };

/** What the target was told, in the order it came, once there are so many. */
async function said(count: number): Promise<readonly Said[]> {
  await target.came(count);
  await atRest();
  return target.reached.map((request) => {
    const { type, data } = JSON.parse(request.body.toString()) as { type: string; data: Output };
    return {
      id: request.header("sluice-id") ?? "",
      attempt: request.header("sluice-attempt") ?? "",
      type,
      data,
    };
  });
}

async function types(count: number): Promise<readonly string[]> {
  return (await said(count)).map(({ type }) => type);
}

/** Asks to be sure that nothing more is said. */
async function nothingMore(count: number): Promise<void> {
  await atRest();
  assert.equal(target.reached.length, count);
}

async function listed(): Promise<Output> {
  const { alerts } = await world.call(workspace, listAlerts, {});
  assert.ok(Array.isArray(alerts) && alerts.length === 1);
  return alerts[0] as Output;
}

async function events(): Promise<readonly Output[]> {
  return (await world.call(workspace, listEvents, {}))["events"] as readonly Output[];
}

describe("an alert on the error rate", () => {
  test("fires once, reminds, and resolves once when all has been well for long enough", async () => {
    await alertWith({ remindHours: 1, resolveAfterMinutes: 3 });
    await minutes(10, { well: 20 });
    await nothingMore(0);
    await minutes(6, { well: 10, failed: 10 });
    const [fired] = await said(1);
    assert.equal(fired?.type, "alert.fired");
    assert.partialDeepStrictEqual(fired.data, {
      alert: { name: "checkout" },
      about: "server errors above 10 % of at least 10 requests in 5 min",
      figures: { requests: 100, errors: 20, errorRate: 0.2 },
    });
    await nothingMore(1);
    assert.partialDeepStrictEqual(await listed(), { state: "firing", notification: { state: "delivered" } });

    await minutes(60, { well: 10, failed: 10 });
    assert.deepEqual(await types(2), ["alert.fired", "alert.reminded"]);
    await minutes(20, { well: 20 });
    assert.deepEqual(await types(3), ["alert.fired", "alert.reminded", "alert.resolved"]);
    await minutes(60, { well: 20 });
    await nothingMore(3);
    assert.partialDeepStrictEqual(await listed(), { state: "ok", incident: null });
  });

  test("few requests do not make it fire, and without any it goes on firing", async () => {
    await alertWith({ resolveAfterMinutes: 0 });
    await minutes(8, { failed: 1 });
    await nothingMore(0);
    await minutes(3, { failed: 20 });
    assert.deepEqual(await types(1), ["alert.fired"]);
    await minutes(30, {});
    await nothingMore(1);
    // Fewer than it takes to fire say that all is well.
    await minutes(3, { well: 1 });
    assert.deepEqual(await types(2), ["alert.fired", "alert.resolved"]);
  });

  test("what goes up and down around its bounds is one incident", async () => {
    await alertWith({ windowMinutes: 1, resolveAfterMinutes: 5 });
    await minutes(3, { well: 20 });
    for (let n = 0; n < 10; n++) {
      await minutes(1, { failed: 20 });
      await minutes(2, { well: 20 });
    }
    assert.deepEqual(await types(1), ["alert.fired"]);
    await minutes(10, { well: 20 });
    assert.deepEqual(await types(2), ["alert.fired", "alert.resolved"]);
  });

  test("client errors count when asked for, and only what has its path, bucket and environment", async () => {
    await alertWith({ path: "/orders/*", environment: "production", bucket: "shop" });
    await minutes(8, { failed: 20 });
    await minutes(8, { failed: 20, bucket: "shop" });
    await minutes(8, { failed: 20, bucket: "shop", environment: "staging", route: "/orders/{id}" });
    await nothingMore(0);
    await minutes(3, { failed: 20, bucket: "shop", route: "/orders/{id}" });
    assert.deepEqual(await types(1), ["alert.fired"]);
  });

  test("what another workspace counts is not looked at, and its alerts are not seen", async () => {
    const { id } = await alertWith({});
    const stranger = await world.newWorkspace();
    for (let n = 0; n < 8; n++) {
      await pass(minuteNow(), { failed: 50 }, stranger);
      world.moveOn(minuteMs);
      await world.lookAtAlerts();
    }
    await nothingMore(0);
    assert.deepEqual(await world.call(stranger, listAlerts, {}), { alerts: [] });
    for (const it of [updateAlert, deleteAlert, testAlert])
      for (const alertId of [id, "checkout"])
        await assert.rejects(
          world.call(stranger, it, { alertId, ...(it === updateAlert && { isActive: false }) }),
          { kind: "not_found" },
        );
  });

  test("figures that come late make it fire", async () => {
    await alertWith({ windowMinutes: 1 });
    await minutes(5, { well: 20 });
    const late = minuteNow();
    await minutes(5, {});
    await nothingMore(0);
    await pass(late, { failed: 20 });
    await minutes(1, {});
    const [fired] = await said(1);
    assert.partialDeepStrictEqual(fired?.data, {
      figures: { from: new Date(late).toISOString(), errors: 20 },
    });
  });
});

describe("an incident", () => {
  test("begins with the minute that is over, ends with the last look, and windows can be compared around it", async () => {
    await alertWith({ environment: "production", bucket: "default", resolveAfterMinutes: 1 });
    await minutes(30, { well: 50 });
    const began = new Date(minuteNow()).toISOString();
    await minutes(10, { well: 20, failed: 30 });
    const [event] = await events();
    assert.partialDeepStrictEqual(event, {
      type: "incident",
      startedAt: began,
      endedAt: null,
      environment: "production",
      buckets: ["default"],
      untrusted: { name: "checkout", source: "sluice" },
    });
    const { incident } = await listed();
    assert.equal(incident, event?.["id"]);
    assert.partialDeepStrictEqual(
      await world.call(workspace, compareWindows, { marker: incident, minutes: 10 }),
      {
        verdict: "regressed",
        errorRate: { before: 0, after: 0.6 },
      },
    );
    await minutes(10, { well: 50 });
    const [ended] = await events();
    assert.equal(ended?.["id"], incident);
    assert.notEqual(ended?.["endedAt"], null);
  });

  for (const [how, end] of [
    ["deleted", (id: string) => world.call(workspace, deleteAlert, { alertId: id })],
    ["paused", (id: string) => world.call(workspace, updateAlert, { alertId: id, isActive: false })],
  ] as const)
    test(`ends when its alert is ${how}, and nobody is told`, async () => {
      const { id } = await alertWith({});
      await minutes(5, { failed: 20 });
      await said(1);
      await end(id);
      await minutes(2, { failed: 20 });
      await nothingMore(1);
      const [event] = await events();
      assert.notEqual(event?.["endedAt"], null);
    });

  test("of an alert that is resumed is another one", async () => {
    const { id } = await alertWith({});
    await minutes(5, { failed: 20 });
    await world.call(workspace, updateAlert, { alertId: id, isActive: false });
    await minutes(2, { failed: 20 });
    assert.partialDeepStrictEqual(await listed(), { state: "paused", incident: null });
    await world.call(workspace, updateAlert, { alertId: id, isActive: true });
    await minutes(2, { failed: 20 });
    assert.deepEqual(await types(2), ["alert.fired", "alert.fired"]);
    assert.equal((await events()).length, 2);
  });
});

test("an alert on response time tells the percentile", async () => {
  await alertWith({ watch: { kind: "response_time", percentile: 95, aboveMs: 300, requestsMin: 10 } });
  await minutes(6, { well: 50, ms: 100 });
  await nothingMore(0);
  await minutes(2, { well: 50, ms: 900 });
  const [fired] = await said(1);
  assert.equal(fired?.type, "alert.fired");
  const figures = fired.data["figures"] as { percentileMs: number; slower: number };
  assert.ok(Math.abs(figures.percentileMs - 900) < 9, String(figures.percentileMs));
  assert.equal(figures.slower, 50);
});

describe("an alert on absence", () => {
  const absence = { watch: { kind: "absence", fewerThan: 5 }, windowMinutes: 10, resolveAfterMinutes: 0 };

  test("fires when too little passes in its window", async () => {
    await minutes(10, { well: 1 });
    await alertWith(absence);
    await minutes(5, { well: 1 });
    await nothingMore(0);
    await minutes(12, {});
    await nothingMore(1);
    assert.partialDeepStrictEqual(await said(1), [
      { type: "alert.fired", data: { figures: { requests: 4 } } },
    ]);
  });

  test("says nothing of the time in which nobody counted", async () => {
    await pass(minuteNow(), { well: 50 });
    await alertWith(absence);
    await minutes(12, { well: 1 });
    const before = target.reached.length;
    // The server was stopped.
    world.moveOn(3 * 60 * minuteMs);
    await world.lookAtAlerts();
    await minutes(9, { well: 1 });
    await nothingMore(before);
    await minutes(12, {});
    assert.equal((await said(before + 1)).at(-1)?.type, "alert.fired");
  });
});

test("an alert on the remainder names the webhook whose job is gone", async () => {
  await alertWith({ watch: { kind: "remainder" } });
  const endpoint = await world.endpointIn(workspace);
  await world.call(workspace, updateEndpoint, { endpointId: endpoint.id, isActive: false });
  await world.arrive(endpoint);
  const lost = await world.arrive(endpoint);
  await minutes(3, {});
  await nothingMore(0);
  world.dropJob(lost.id);
  await minutes(2, {});
  assert.partialDeepStrictEqual(await said(1), [
    { type: "alert.fired", data: { figures: { received: 2, remainder: 1, events: [lost.id] } } },
  ]);
  await nothingMore(1);
});

describe("a notification", () => {
  test("is signed, and its secret is stored nowhere in the clear", async () => {
    const { id, secret } = await alertWith({});
    await minutes(5, { failed: 20 });
    await said(1);
    const check = (key: string) => {
      const request = target.reached.at(-1);
      assert.ok(request);
      const at = request.header("sluice-timestamp");
      const mac = createHmac("sha256", Buffer.from(key.replace("whsec_", ""), "base64"))
        .update(`${request.header("sluice-id")}.${at}.`)
        .update(request.body);
      assert.equal(request.header("sluice-signature"), `v1,${mac.digest("base64")}`);
    };
    check(secret);
    const changed = await world.call(workspace, updateAlert, { alertId: id, newSecret: true });
    assert.notEqual(changed["signingSecret"], secret);
    await world.call(workspace, testAlert, { alertId: id });
    check(String(changed["signingSecret"]));
    for (const text of [secret, String(changed["signingSecret"])])
      assert.ok(!world.dump().includes(text.slice("whsec_".length)));
  });

  test("is sent again until its target is up, with the same id", async () => {
    await alertWith({});
    target.answer(() => ({ status: 503 }));
    await minutes(2, { failed: 20 });
    await target.came(1);
    await atRest();
    assert.partialDeepStrictEqual(await listed(), { notification: { state: "pending" } });
    target.answer(() => ({ status: 200 }));
    world.moveOn(minuteMs);
    const [first, second] = await said(2);
    assert.equal(first?.id, second?.id);
    assert.deepEqual([first?.attempt, second?.attempt], ["1", "2"]);
    await nothingMore(2);
    assert.partialDeepStrictEqual(await listed(), { notification: { id: first?.id, state: "delivered" } });
  });

  test("is neither lost nor doubled when a node is killed between deciding and sending", async (t) => {
    await alertWith({});
    t.after(() => (isCut = false));
    isCut = true;
    await minutes(3, { failed: 20 });
    await nothingMore(0);
    assert.partialDeepStrictEqual(await listed(), { state: "firing", notification: null });
    isCut = false;
    // Others take over: all of them find it untold.
    await Promise.all([world.lookAtAlerts(), world.lookAtAlerts()]);
    await said(1);
    await world.lookAtAlerts();
    await minutes(4, { failed: 20 });
    await nothingMore(1);
  });

  test("is decided once by nodes that look at the same time", async () => {
    await alertWith({});
    await minutes(2, { well: 20 });
    for (let n = 0; n < 4; n++) {
      await pass(minuteNow(), { failed: 20 });
      world.moveOn(minuteMs);
      await Promise.all([world.lookAtAlerts(), world.lookAtAlerts(), world.lookAtAlerts()]);
    }
    await said(1);
    await nothingMore(1);
    assert.equal((await events()).length, 1);
  });

  test("of what went on while nobody looked is no storm", async () => {
    await alertWith({ windowMinutes: 1, resolveAfterMinutes: 0 });
    await minutes(3, { well: 20 });
    for (let n = 0; n < 90; n++) {
      await pass(minuteNow(), n % 2 === 0 ? { failed: 20 } : { well: 20 });
      world.moveOn(minuteMs);
    }
    await minutes(3, { well: 20 });
    assert.deepEqual(await types(2), ["alert.fired", "alert.resolved"]);
    await minutes(10, { well: 20 });
    await nothingMore(2);
  });

  test("of an alert that was deleted meanwhile is given up", async () => {
    const { id } = await alertWith({});
    target.answer(() => ({ status: 503 }));
    await minutes(2, { failed: 20 });
    const [fired] = await said(1);
    await world.call(workspace, deleteAlert, { alertId: id });
    world.moveOn(minuteMs);
    const ending = await world.endingOf(workspace, String(fired?.id));
    assert.deepEqual([ending.ending, ending.error], ["failed", "alert_deleted"]);
    await nothingMore(1);
  });

  test("a target that may not be reached is refused", async () => {
    const { id } = await alertWith({});
    const refused = (error: unknown) =>
      error instanceof Failure && error.kind === "invalid" && error.detail.pointer === "/targetUrl";
    for (const targetUrl of ["http://169.254.169.254/latest", "http://10.0.0.1/", "file:///etc/passwd"]) {
      await assert.rejects(alertWith({ name: "other", targetUrl }), refused);
      await assert.rejects(world.call(workspace, updateAlert, { alertId: id, targetUrl }), refused);
    }
  });
});

describe("test_alert", () => {
  test("sends what a real one is sent as, marked, and changes nothing of how the alert stands", async () => {
    const { id } = await alertWith({});
    await minutes(2, { failed: 20 });
    const stood = target.reached.length;
    const tested = await world.call(workspace, testAlert, { alertId: id });
    assert.partialDeepStrictEqual(tested, {
      state: "delivered",
      wouldFire: true,
      target: new URL(target.url).origin,
      attempt: { status: 200, error: null },
    });
    const request = target.reached.at(-1);
    assert.equal(request?.header("sluice-test"), "true");
    assert.equal(request?.header("sluice-id"), tested["notificationId"]);
    assert.equal(request?.body.toString(), tested["body"]);
    assert.equal(JSON.parse(String(tested["body"])).type, "alert.test");
    await nothingMore(stood + 1);
  });

  test("says what would be sent, and what the target has against it", async () => {
    const { id } = await alertWith({});
    const planned = await world.call(workspace, testAlert, { alertId: id, dryRun: true });
    assert.partialDeepStrictEqual(planned, {
      state: "planned",
      wouldFire: false,
      notificationId: null,
      attempt: null,
    });
    await nothingMore(0);
    target.answer(() => ({ status: 404 }));
    assert.partialDeepStrictEqual(await world.call(workspace, testAlert, { alertId: id }), {
      state: "failed",
      attempt: { status: 404, error: "status_404" },
    });
    world.moveOn(60 * minuteMs);
    await nothingMore(1);
  });
});

describe("what is known of alerts", () => {
  test("a dry run says when it would have fired in the last 24 hours", async () => {
    const began = minuteNow();
    for (let n = 0; n < 120; n++) {
      await pass(minuteNow(), n >= 30 && n < 40 ? { failed: 20 } : { well: 20 });
      world.moveOn(minuteMs);
    }
    const input = { name: "tried", watch: errorRate, targetUrl: target.url, dryRun: true };
    assert.partialDeepStrictEqual(await world.call(workspace, createAlert, input), {
      signingSecret: null,
      wouldHaveFired: {
        times: 1,
        moments: [{ firedAt: new Date(began + 31 * minuteMs).toISOString(), figures: { errors: 20 } }],
      },
    });
    const { id } = await alertWith({});
    const strict = { alertId: id, watch: { ...errorRate, above: 0.99 }, dryRun: true };
    assert.partialDeepStrictEqual(await world.call(workspace, updateAlert, strict), {
      wouldHaveFired: { times: 1 },
    });
    const lenient = { alertId: id, watch: { ...errorRate, requestsMin: 1_000 }, dryRun: true };
    assert.partialDeepStrictEqual(await world.call(workspace, updateAlert, lenient), {
      wouldHaveFired: { times: 0 },
    });
  });

  test("a confined credential sees alerts on what it may see alone, and changes none", async () => {
    const { id } = await alertWith({});
    await alertWith({ name: "shop", environment: "production", bucket: "shop" });
    await alertWith({ name: "missing", watch: { kind: "remainder" } });
    const confined = (confines: Principal["confines"]) =>
      callerOf({ ...principalOf(workspace, "all"), confines });
    const seen = async (confines: Principal["confines"]) => {
      const { alerts } = await invoke(listAlerts, {}, confined(confines), world.engines);
      return (alerts as readonly Output[]).map(({ name }) => name).toSorted();
    };
    assert.deepEqual(await seen({}), ["checkout", "missing", "shop"]);
    assert.deepEqual(await seen({ environment: "production" }), ["shop"]);
    assert.deepEqual(await seen({ environment: "production", buckets: ["shop"] }), ["shop"]);
    assert.deepEqual(await seen({ environment: "production", buckets: ["default"] }), []);
    assert.deepEqual(await seen({ environment: "staging" }), []);
    for (const it of [updateAlert, deleteAlert, testAlert])
      await assert.rejects(
        invoke(it, { alertId: id }, confined({ environment: "production" }), world.engines),
        { kind: "forbidden" },
      );
  });

  test("the address of a target is shown to nobody", async () => {
    const { id } = await alertWith({ targetUrl: `${target.url}/hook-of-a-chat` });
    const answers = [
      await world.call(workspace, listAlerts, {}),
      await world.call(workspace, updateAlert, { alertId: id, name: "renamed", dryRun: true }),
      await world.call(workspace, testAlert, { alertId: id, dryRun: true }),
      await world.engines.store.audit.list(workspace, { limit: 10 }),
    ];
    assert.doesNotMatch(JSON.stringify(answers), /hook-of-a-chat/);
  });
});
