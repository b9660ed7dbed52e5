// What alerts tell, stored and delivered to a real target.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import {
  alertWith,
  atRest,
  errorRate,
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
import { callerOf, principalOf } from "../../../../test/world.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Principal } from "../../../kernel/principal.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { createAlert } from "./operations/create-alert.ts";
import { deleteAlert } from "./operations/delete-alert.ts";
import { listAlerts } from "./operations/list-alerts.ts";
import { testAlert } from "./operations/test-alert.ts";
import { updateAlert } from "./operations/update-alert.ts";

describe("a notification", () => {
  test("is signed, and its secret is stored nowhere in the clear", async () => {
    const { id, secret } = await alertWith({});
    await minutes(5, { failed: 20 });
    await said(1);
    const check = (key: string) => {
      const request = scene.target.reached.at(-1);
      assert.ok(request);
      const at = request.header("sluice-timestamp");
      const mac = createHmac("sha256", Buffer.from(key.replace("whsec_", ""), "base64"))
        .update(`${request.header("sluice-id")}.${at}.`)
        .update(request.body);
      assert.equal(request.header("sluice-signature"), `v1,${mac.digest("base64")}`);
    };
    check(secret);
    const changed = await scene.world.call(scene.workspace, updateAlert, { alertId: id, newSecret: true });
    assert.notEqual(changed["signingSecret"], secret);
    await scene.world.call(scene.workspace, testAlert, { alertId: id });
    check(String(changed["signingSecret"]));
    for (const text of [secret, String(changed["signingSecret"])])
      assert.ok(!scene.world.dump().includes(text.slice("whsec_".length)));
  });

  test("is sent again until its target is up, with the same id", async () => {
    await alertWith({});
    scene.target.answer(() => ({ status: 503 }));
    await minutes(2, { failed: 20 });
    await scene.target.came(1);
    await atRest();
    assert.partialDeepStrictEqual(await listed(), { notification: { state: "pending" } });
    scene.target.answer(() => ({ status: 200 }));
    scene.world.moveOn(minuteMs);
    const [first, second] = await said(2);
    assert.equal(first?.id, second?.id);
    assert.deepEqual([first?.attempt, second?.attempt], ["1", "2"]);
    await nothingMore(2);
    assert.partialDeepStrictEqual(await listed(), { notification: { id: first?.id, state: "delivered" } });
  });

  test("is neither lost nor doubled when a node is killed between deciding and sending", async () => {
    await alertWith({});
    scene.isCut = true;
    await minutes(3, { failed: 20 });
    await nothingMore(0);
    assert.partialDeepStrictEqual(await listed(), { state: "firing", notification: null });
    scene.isCut = false;
    // Others take over: all of them find it untold.
    await Promise.all([scene.world.lookAtAlerts(), scene.world.lookAtAlerts()]);
    await said(1);
    await scene.world.lookAtAlerts();
    await minutes(4, { failed: 20 });
    await nothingMore(1);
  });

  test("is decided once by nodes that look at the same time", async () => {
    await alertWith({});
    await minutes(2, { well: 20 });
    for (let n = 0; n < 4; n++) {
      await pass(minuteNow(), { failed: 20 });
      scene.world.moveOn(minuteMs);
      await Promise.all([scene.world.lookAtAlerts(), scene.world.lookAtAlerts(), scene.world.lookAtAlerts()]);
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
      scene.world.moveOn(minuteMs);
    }
    await minutes(3, { well: 20 });
    assert.deepEqual(await types(2), ["alert.fired", "alert.resolved"]);
    await minutes(10, { well: 20 });
    await nothingMore(2);
  });

  test("of an alert that was deleted meanwhile is given up", async () => {
    const { id } = await alertWith({});
    scene.target.answer(() => ({ status: 503 }));
    await minutes(2, { failed: 20 });
    const [fired] = await said(1);
    await scene.world.call(scene.workspace, deleteAlert, { alertId: id });
    scene.world.moveOn(minuteMs);
    const ending = await scene.world.endingOf(scene.workspace, String(fired?.id));
    assert.deepEqual([ending.ending, ending.error], ["failed", "alert_deleted"]);
    await nothingMore(1);
  });

  test("a target that may not be reached is refused", async () => {
    const { id } = await alertWith({});
    const refused = (error: unknown) =>
      error instanceof Failure && error.kind === "invalid" && error.detail.pointer === "/targetUrl";
    for (const targetUrl of ["http://169.254.169.254/latest", "http://10.0.0.1/", "file:///etc/passwd"]) {
      await assert.rejects(alertWith({ name: "other", targetUrl }), refused);
      await assert.rejects(
        scene.world.call(scene.workspace, updateAlert, { alertId: id, targetUrl }),
        refused,
      );
    }
  });
});

describe("test_alert", () => {
  test("sends what a real one is sent as, marked, and changes nothing of how the alert stands", async () => {
    const { id } = await alertWith({});
    await minutes(2, { failed: 20 });
    const stood = scene.target.reached.length;
    const tested = await scene.world.call(scene.workspace, testAlert, { alertId: id });
    assert.partialDeepStrictEqual(tested, {
      state: "delivered",
      wouldFire: true,
      target: new URL(scene.target.url).origin,
      attempt: { status: 200, error: null },
    });
    const request = scene.target.reached.at(-1);
    assert.ok(request);
    assert.equal(request.header("sluice-test"), "true");
    assert.equal(request.header("sluice-id"), tested["notificationId"]);
    assert.equal(request.body.toString(), tested["body"]);
    assert.match(String(tested["body"]), /^{"type":"alert.test",/);
    await nothingMore(stood + 1);
  });

  test("says what would be sent, and what the target has against it", async () => {
    const { id } = await alertWith({});
    const planned = await scene.world.call(scene.workspace, testAlert, { alertId: id, dryRun: true });
    assert.partialDeepStrictEqual(planned, {
      state: "planned",
      wouldFire: false,
      notificationId: null,
      attempt: null,
    });
    await nothingMore(0);
    scene.target.answer(() => ({ status: 404 }));
    assert.partialDeepStrictEqual(await scene.world.call(scene.workspace, testAlert, { alertId: id }), {
      state: "failed",
      attempt: { status: 404, error: "status_404" },
    });
    scene.world.moveOn(60 * minuteMs);
    await nothingMore(1);
  });
});

describe("what is known of alerts", () => {
  test("a dry run says when it would have fired in the last 24 hours", async () => {
    const began = minuteNow();
    for (let n = 0; n < 120; n++) {
      await pass(minuteNow(), n >= 30 && n < 40 ? { failed: 20 } : { well: 20 });
      scene.world.moveOn(minuteMs);
    }
    const input = { name: "tried", watch: errorRate, targetUrl: scene.target.url, dryRun: true };
    assert.partialDeepStrictEqual(await scene.world.call(scene.workspace, createAlert, input), {
      signingSecret: null,
      wouldHaveFired: {
        times: 1,
        moments: [{ firedAt: new Date(began + 31 * minuteMs).toISOString(), figures: { errors: 20 } }],
      },
    });
    const { id } = await alertWith({});
    const strict = { alertId: id, watch: { ...errorRate, above: 0.99 }, dryRun: true };
    assert.partialDeepStrictEqual(await scene.world.call(scene.workspace, updateAlert, strict), {
      wouldHaveFired: { times: 1 },
    });
    const lenient = { alertId: id, watch: { ...errorRate, requestsMin: 1_000 }, dryRun: true };
    assert.partialDeepStrictEqual(await scene.world.call(scene.workspace, updateAlert, lenient), {
      wouldHaveFired: { times: 0 },
    });
  });

  test("a confined credential sees alerts on what it may see alone, and changes none", async () => {
    const { id } = await alertWith({});
    await alertWith({ name: "shop", environment: "production", bucket: "shop" });
    await alertWith({ name: "missing", watch: { kind: "remainder" } });
    const confined = (confines: Principal["confines"]) =>
      callerOf({ ...principalOf(scene.workspace, "all"), confines });
    const seen = async (confines: Principal["confines"]) => {
      const { alerts } = await invoke(listAlerts, {}, confined(confines), scene.world.engines);
      return (alerts as readonly Output[]).map(({ name }) => String(name)).toSorted();
    };
    assert.deepEqual(await seen({}), ["checkout", "missing", "shop"]);
    assert.deepEqual(await seen({ environment: "production" }), ["shop"]);
    assert.deepEqual(await seen({ environment: "production", buckets: ["shop"] }), ["shop"]);
    assert.deepEqual(await seen({ environment: "production", buckets: ["default"] }), []);
    assert.deepEqual(await seen({ environment: "staging" }), []);
    for (const it of [updateAlert, deleteAlert, testAlert])
      await assert.rejects(
        invoke(it, { alertId: id }, confined({ environment: "production" }), scene.world.engines),
        { kind: "forbidden" },
      );
  });

  test("the address of a target is shown to nobody", async () => {
    const { id } = await alertWith({ targetUrl: `${scene.target.url}/hook-of-a-chat` });
    const answers = [
      await scene.world.call(scene.workspace, listAlerts, {}),
      await scene.world.call(scene.workspace, updateAlert, { alertId: id, name: "renamed", dryRun: true }),
      await scene.world.call(scene.workspace, testAlert, { alertId: id, dryRun: true }),
      await scene.world.engines.store.audit.list(scene.workspace, { limit: 10 }),
    ];
    assert.doesNotMatch(JSON.stringify(answers), /hook-of-a-chat/);
  });
});
