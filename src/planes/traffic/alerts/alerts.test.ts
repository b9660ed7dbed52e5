// Alerts at work: what is counted and decided, by a clock that is moved.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  alertWith,
  events,
  listed,
  minuteMs,
  minuteNow,
  minutes,
  nothingMore,
  pass,
  said,
  scene,
  types,
} from "../../../../test/alert-scene.ts";
import { updateEndpoint } from "../../webhooks/operations/update-endpoint.ts";
import { compareWindows } from "../operations/compare-windows.ts";
import { deleteAlert } from "./operations/delete-alert.ts";
import { listAlerts } from "./operations/list-alerts.ts";
import { testAlert } from "./operations/test-alert.ts";
import { updateAlert } from "./operations/update-alert.ts";

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
    const stranger = await scene.world.newWorkspace();
    for (let n = 0; n < 8; n++) {
      await pass(minuteNow(), { failed: 50 }, stranger);
      scene.world.moveOn(minuteMs);
      await scene.world.lookAtAlerts();
    }
    await nothingMore(0);
    assert.deepEqual(await scene.world.call(stranger, listAlerts, {}), { alerts: [], nextCursor: null });
    for (const it of [updateAlert, deleteAlert, testAlert])
      for (const alertId of [id, "checkout"])
        await assert.rejects(
          scene.world.call(stranger, it, { alertId, ...(it === updateAlert && { isActive: false }) }),
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
      await scene.world.call(scene.workspace, compareWindows, { marker: incident, minutes: 10 }),
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
    ["deleted", (id: string) => scene.world.call(scene.workspace, deleteAlert, { alertId: id })],
    [
      "paused",
      (id: string) => scene.world.call(scene.workspace, updateAlert, { alertId: id, isActive: false }),
    ],
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
    await scene.world.call(scene.workspace, updateAlert, { alertId: id, isActive: false });
    await minutes(2, { failed: 20 });
    assert.partialDeepStrictEqual(await listed(), { state: "paused", incident: null });
    await scene.world.call(scene.workspace, updateAlert, { alertId: id, isActive: true });
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
    const before = scene.target.reached.length;
    // The server was stopped.
    scene.world.moveOn(3 * 60 * minuteMs);
    await scene.world.lookAtAlerts();
    await minutes(9, { well: 1 });
    await nothingMore(before);
    await minutes(12, {});
    assert.equal((await said(before + 1)).at(-1)?.type, "alert.fired");
  });
});

test("an alert on the remainder names the webhook whose job is gone", async () => {
  await alertWith({ watch: { kind: "remainder" } });
  const endpoint = await scene.world.endpointIn(scene.workspace);
  await scene.world.call(scene.workspace, updateEndpoint, { endpointId: endpoint.id, isActive: false });
  await scene.world.arrive(endpoint);
  const lost = await scene.world.arrive(endpoint);
  await minutes(3, {});
  await nothingMore(0);
  scene.world.dropJob(lost.id);
  await minutes(2, {});
  assert.partialDeepStrictEqual(await said(1), [
    { type: "alert.fired", data: { figures: { received: 2, remainder: 1, events: [lost.id] } } },
  ]);
  await nothingMore(1);
});
