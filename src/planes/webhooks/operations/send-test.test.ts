import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { missingEndpointAtWork } from "../../../../test/missing-endpoint.ts";
import {
  openRunningWorld,
  runningDryRunLeavesNothing,
  runningScenarios,
  type RunningScenario,
  type RunningWorld,
} from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { accountForWebhooks } from "./account-for-webhooks.ts";
import { getDashboardSummary } from "./get-dashboard-summary.ts";
import { getPlanUsage } from "./get-plan-usage.ts";
import { listLogs } from "./list-logs.ts";
import { sendTest } from "./send-test.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const anEndpoint = (world: RunningWorld, workspace: string): Promise<Output> => {
  world.target.answer(() => ({ status: 200, body: "ok" }));
  return world.endpointIn(workspace);
};

/** The test itself and its attempt; no tally, since tests are not counted. */
const sent = { audit: 1, exchange: 2 };

runningScenarios(sendTest, [
  {
    name: "delivers a sample and tells the outcome",
    scopes: ["webhooks:test"],
    given: anEndpoint,
    input: ({ id }) => ({ endpointId: id }),
    gives: {
      state: "delivered",
      signed: false,
      attempt: { attempt: 1, kind: "test", outcome: "delivered", status: 200, error: null },
      next: "The endpoint works.",
    },
    leaves: sent,
  },
  {
    name: "sends the payload that is given",
    scopes: ["webhooks:test"],
    given: anEndpoint,
    input: { endpointId: "orders", payload: { event: "order.created", id: 42 } },
    gives: { state: "delivered", bytes: 33 },
    leaves: sent,
  },
  {
    name: "a payload may be any JSON",
    scopes: ["webhooks:test"],
    given: anEndpoint,
    input: { endpointId: "orders", payload: [1, null, "two"] },
    gives: { state: "delivered", bytes: 14 },
    leaves: sent,
  },
  {
    name: "a target that fails is told of, and is not tried again",
    scopes: ["webhooks:test"],
    async given(world, workspace) {
      world.target.answer(() => ({ status: 500 }));
      return world.endpointIn(workspace);
    },
    input: { endpointId: "orders" },
    gives: { state: "failed", attempt: { status: 500, error: "status_500", nextAttemptAt: null } },
    leaves: sent,
  },
  ...missingEndpointAtWork(),
  {
    name: "a paused endpoint is not tested",
    scopes: "all",
    async given(world, workspace) {
      const { id } = await world.endpointIn(workspace);
      return world.call(workspace, updateEndpoint, { endpointId: id, isActive: false });
    },
    input: { endpointId: "orders" },
    fails: { kind: "conflict" },
    leaves: {},
  },
  {
    name: "a payload has at most 256 KiB",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", payload: "a".repeat(262_143) },
    fails: { kind: "too_large", pointer: "/payload" },
    leaves: {},
  },
] satisfies RunningScenario[]);

runningDryRunLeavesNothing(sendTest, {
  given: anEndpoint,
  input: { endpointId: "orders", payload: { a: 1 } },
});

describe("send_test, told in full", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  test("the target sees a test, signed as the provider signs", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { provider: "github" });
    const unsigned = await world.call(workspace, sendTest, { endpointId: orders.id });
    assert.equal(unsigned["signed"], false);
    await world.call(workspace, setEndpointSecret, { endpointId: orders.id, secret: "fake" });
    const answer = await world.call(workspace, sendTest, { endpointId: orders.id, payload: { a: 1 } });
    assert.equal(answer["signed"], true);

    const request = world.target.reached.at(-1)!;
    assert.equal(request.body.toString(), '{"a":1}');
    assert.equal(request.header("sluice-test"), "true");
    assert.equal(request.header("sluice-id"), answer["logId"]);
    const expected = createHmac("sha256", "fake").update('{"a":1}').digest("hex");
    assert.equal(request.header("x-hub-signature-256"), `sha256=${expected}`);
  });

  test("tests count against no quota and no statistic, and are listed as tests", async () => {
    const workspace = await world.newWorkspace({ eventsPerMonth: 0 });
    const orders = await world.endpointIn(workspace);
    const { logId } = await world.call(workspace, sendTest, { endpointId: orders.id });
    assert.partialDeepStrictEqual(await world.call(workspace, getPlanUsage, {}), { events: { used: 0 } });
    assert.partialDeepStrictEqual(await world.call(workspace, getDashboardSummary, {}), {
      totals: { received: 0, delivered: 0 },
      activity: [{ id: logId, kind: "test" }],
    });
    assert.partialDeepStrictEqual(await world.call(workspace, accountForWebhooks, {}), {
      received: 0,
      remainder: 0,
    });
    assert.partialDeepStrictEqual(await world.call(workspace, listLogs, { endpointId: orders.id }), {
      logs: [{ id: logId, kind: "test", state: "delivered", lastAttempts: [{ kind: "test" }] }],
    });
  });

  test("a target that nothing listens at is told of by reason", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { targetUrl: "http://127.0.0.1:1/" });
    assert.partialDeepStrictEqual(await world.call(workspace, sendTest, { endpointId: orders.id }), {
      state: "failed",
      attempt: { status: null, error: "connect_refused" },
    });
  });

  test("a test does not wait behind what the endpoint holds back", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    await world.engines.traffic.queue.hold(orders.id, Infinity);
    assert.equal((await world.arrive(orders)).status, 200);
    assert.partialDeepStrictEqual(await world.call(workspace, sendTest, { endpointId: orders.id }), {
      state: "delivered",
    });
  });

  test("at most 60 a minute go to one endpoint", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    for (let n = 0; n < 60; n++) await world.call(workspace, sendTest, { endpointId: orders.id });
    await world.idle();
    world.mark();
    const caller = { ...callerOf(principalOf(workspace, "all")), idempotencyKey: "one too many" };
    const oneMore = () => invoke(sendTest, { endpointId: orders.id }, caller, world.engines);
    await assert.rejects(oneMore(), {
      kind: "limited",
      message: "At most 60 tests a minute go to one endpoint.",
      detail: { retryAfterMs: 60_000 - (world.clock.now() % 60_000) },
    });
    assert.deepEqual(world.leftBehind(), {});
    assert.partialDeepStrictEqual(
      await world.call(workspace, sendTest, { endpointId: orders.id, dryRun: true }),
      { state: "planned" },
    );
    world.moveOn(60_000);
    assert.partialDeepStrictEqual(await oneMore(), { state: "delivered" });
  });

  test("under one idempotency key a test is sent once and answered alike", async () => {
    const workspace = await world.newWorkspace();
    await world.endpointIn(workspace);
    const caller = { ...callerOf(principalOf(workspace, "all")), idempotencyKey: "once" };
    const from = world.target.reached.length;
    const first = await invoke(sendTest, { endpointId: "orders" }, caller, world.engines);
    assert.deepEqual(await invoke(sendTest, { endpointId: "orders" }, caller, world.engines), first);
    assert.equal(world.target.reached.length, from + 1);
  });

  test("the audit row of a large payload stays small", async () => {
    const workspace = await world.newWorkspace();
    await world.endpointIn(workspace);
    await world.call(workspace, sendTest, { endpointId: "orders", payload: "a".repeat(200_000) });
    const [row] = await world.engines.store.audit.list(workspace, { limit: 1 });
    assert.equal(row?.operation, "send_test");
    assert.ok(JSON.stringify(row).length < 10_000);
    assert.partialDeepStrictEqual(row.detail, {
      input: { endpointId: "orders", payload: "[200002 characters]" },
    });
  });
});
