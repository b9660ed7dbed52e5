import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingEndpointAtWork } from "../../../../test/missing-endpoint.ts";
import {
  openRunningWorld,
  runningDryRunLeavesNothing,
  runningScenarios,
  type MadeEndpoint,
  type RunningScenario,
  type RunningWorld,
} from "../../../../test/running-world.ts";
import { cancelled } from "../../../registry/cancelled.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { accountForWebhooks } from "./account-for-webhooks.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { getLogDetail } from "./get-log-detail.ts";
import { replayWebhooks } from "./replay-webhooks.ts";
import { updateEndpoint } from "./update-endpoint.ts";

/** An endpoint with that many failed deliveries, whose target works by now. */
async function failed(
  world: RunningWorld,
  workspace: string,
  count: number,
): Promise<MadeEndpoint & { readonly ids: readonly string[] }> {
  const orders = await world.endpointIn(workspace, { maxAttempts: 1 });
  world.target.answer(() => ({ status: 500 }));
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    ids.push((await world.arrive(orders, { body: `{"n":${n}}` })).id);
    world.moveOn(1);
  }
  for (const id of ids) await world.endingOf(workspace, id);
  world.target.answer(() => ({ status: 200 }));
  return { ...orders, ids };
}

async function planned(world: RunningWorld, workspace: string): Promise<Output> {
  await failed(world, workspace, 1);
  return world.call(workspace, replayWebhooks, { endpointId: "orders" });
}

function refused(name: string, input: Output, pointer: string): RunningScenario {
  return {
    name,
    scopes: "all",
    given: (world, workspace) => world.endpointIn(workspace),
    input,
    fails: { kind: "invalid", pointer },
    leaves: {},
  };
}

runningScenarios(replayWebhooks, [
  {
    name: "plans what failed, and sends nothing yet",
    scopes: ["webhooks:replay"],
    given: (world, workspace) => failed(world, workspace, 2),
    input: ({ id }) => ({ endpointId: id }),
    gives: {
      state: "planned",
      selected: 2,
      delivered: 0,
      failed: 0,
      remaining: 2,
      canary: 2,
      unavailable: [],
    },
    leaves: { audit: 1, "entry:replay": 1 },
  },
  {
    name: "nothing that matches is said to be nothing",
    scopes: ["webhooks:replay"],
    given: (world, workspace) => world.endpointIn(workspace),
    input: { endpointId: "orders" },
    gives: { state: "planned", selected: 0, next: "Nothing matches: choose another status or window." },
    leaves: { audit: 1, "entry:replay": 1 },
  },
  {
    name: "events by id, and those that cannot be replayed by reason",
    scopes: ["webhooks:replay"],
    given: (world, workspace) => failed(world, workspace, 1),
    input: ({ id, ids }) => ({ endpointId: id, logIds: [...(ids as string[]), "#1", 99] }),
    gives: {
      selected: 1,
      unavailable: [{ logId: "99", reason: "unknown, or removed when its retention ended" }],
    },
    leaves: { audit: 1, "entry:replay": 1 },
  },
  ...missingEndpointAtWork(),
  {
    name: "a deleted endpoint's plan has nowhere to go",
    scopes: "all",
    async given(world, workspace) {
      const plan = await planned(world, workspace);
      await world.call(workspace, deleteEndpoint, { endpointId: "orders" });
      return plan;
    },
    input: ({ planId }) => ({ planId }),
    fails: { kind: "not_found", pointer: "/endpointId" },
    leaves: {},
  },
  {
    name: "an unknown plan is not found",
    scopes: "all",
    input: { planId: "rp_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/planId" },
    leaves: {},
  },
  {
    name: "another workspace's plan is not found",
    scopes: "all",
    given: async (world) => planned(world, await world.newWorkspace()),
    input: ({ planId }) => ({ planId }),
    fails: { kind: "not_found", pointer: "/planId" },
    leaves: {},
  },
  {
    name: "a paused endpoint is not replayed to",
    scopes: "all",
    async given(world, workspace) {
      await world.endpointIn(workspace);
      return world.call(workspace, updateEndpoint, { endpointId: "orders", isActive: false });
    },
    input: { endpointId: "orders" },
    fails: { kind: "conflict" },
    leaves: {},
  },
  {
    name: "a plan is cancelled before it starts",
    scopes: "all",
    given: planned,
    input: ({ planId }) => ({ planId, cancel: true }),
    gives: { state: "cancelled", reason: "It was cancelled.", next: "Nothing more is sent." },
    leaves: { audit: 1, "entry:replay": 1 },
  },
  refused("it is said what to replay", {}, "/endpointId"),
  refused("a plan is frozen", { endpointId: "orders", planId: "rp_1" }, "/planId"),
  refused("only a plan is cancelled", { endpointId: "orders", cancel: true }, "/planId"),
  refused("a status is a known one", { endpointId: "orders", status: "pending" }, "/status"),
  refused("a list of logs has one at least", { endpointId: "orders", logIds: [] }, "/logIds"),
  refused(
    "a list of logs has at most 100",
    { endpointId: "orders", logIds: Array.from({ length: 101 }, (_, i) => i + 1) },
    "/logIds",
  ),
  refused(
    "a window has a beginning before its end",
    { endpointId: "orders", since: "2026-11-20T00:00:00Z", until: "2026-11-19T00:00:00Z" },
    "/since",
  ),
  refused(
    "a moment is one of our days",
    { endpointId: "orders", since: "9999-12-31T23:59:59-23:59" },
    "/since",
  ),
]);

runningDryRunLeavesNothing(replayWebhooks, {
  given: (world, workspace) => failed(world, workspace, 1),
  input: { endpointId: "orders" },
});
runningDryRunLeavesNothing(replayWebhooks, {
  given: planned,
  input: ({ planId }) => ({ planId, cancel: true }),
});

describe("replay_webhooks, told in full", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  function ended(workspace: string, planId: unknown): Promise<Output> {
    return world.whileTimePasses(world.call(workspace, replayWebhooks, { planId }));
  }

  test("a plan is carried out in order, and the accounts of the events stay as they were", async () => {
    const workspace = await world.newWorkspace();
    const orders = await failed(world, workspace, 7);
    const from = world.target.reached.length;
    const { planId } = await world.call(workspace, replayWebhooks, { endpointId: orders.id });
    assert.equal(world.target.reached.length, from);
    const done = await ended(workspace, planId);
    assert.partialDeepStrictEqual(done, {
      state: "done",
      selected: 7,
      delivered: 7,
      failed: 0,
      remaining: 0,
    });

    const replayed = world.target.reached.slice(from);
    assert.equal(replayed.length, 7);
    assert.deepEqual(
      new Set(replayed.slice(0, 5).map((it) => it.header("sluice-id"))),
      new Set(orders.ids.slice(0, 5)),
    );
    for (const request of replayed) assert.equal(request.header("sluice-replay"), "true");
    assert.partialDeepStrictEqual(await world.call(workspace, accountForWebhooks, {}), {
      received: 7,
      failed: 7,
      delivered: 0,
      remainder: 0,
    });
    assert.partialDeepStrictEqual(await world.call(workspace, getLogDetail, { logId: orders.ids[0] }), {
      state: "failed",
      replays: [planId],
    });
    // Called once more, it reports; nothing is sent twice.
    assert.partialDeepStrictEqual(await world.call(workspace, replayWebhooks, { planId }), { state: "done" });
    assert.equal(world.target.reached.length, from + 7);
  });

  test("rehearsing the start of a plan sends nothing and leaves it to be started", async () => {
    const workspace = await world.newWorkspace();
    const { planId } = await planned(world, workspace);
    const from = world.target.reached.length;
    world.mark();
    assert.partialDeepStrictEqual(await world.call(workspace, replayWebhooks, { planId, dryRun: true }), {
      dryRun: true,
      planId,
      state: "planned",
      next: "Call again without dryRun to start it.",
    });
    assert.deepEqual(world.leftBehind(), {});
    assert.equal(world.target.reached.length, from);
    assert.partialDeepStrictEqual(await ended(workspace, planId), { state: "done", delivered: 1 });
  });

  test("it stops at the first failure: the canary is all that was sent", async () => {
    const workspace = await world.newWorkspace();
    const orders = await failed(world, workspace, 8);
    world.target.answer((request) => ({ status: request.body.toString() === '{"n":2}' ? 500 : 200 }));
    const from = world.target.reached.length;
    const { planId } = await world.call(workspace, replayWebhooks, { endpointId: orders.id });
    const report = await ended(workspace, planId);
    assert.partialDeepStrictEqual(report, { state: "stopped", failed: 1 });
    assert.match(String(report["reason"]), /A delivery failed/);
    assert.ok(world.target.reached.length - from <= 5);
  });

  /** A replay of 8 events whose deliveries hang, and a call of it that can be given up. */
  async function hanging() {
    const workspace = await world.newWorkspace();
    const orders = await failed(world, workspace, 8);
    const { planId } = await world.call(workspace, replayWebhooks, { endpointId: orders.id });
    const gate = Promise.withResolvers<null>();
    world.target.answer(() => gate.promise.then(() => ({ status: 200 })));
    const call = new AbortController();
    const caller = { ...callerOf(principalOf(workspace, "all")), signal: call.signal };
    return {
      planId,
      from: world.target.reached.length,
      call,
      go: () => gate.resolve(null),
      asked: () => invoke(replayWebhooks, { planId }, caller, world.engines),
      told: () => world.call(workspace, replayWebhooks, { planId }),
      ended: () => ended(workspace, planId),
    };
  }

  test("a call that is cancelled stops the replay that it started, and the plan says how far it came", async () => {
    const { planId, from, call, go, asked, told } = await hanging();
    const answer = asked();
    await world.target.came(from + 1);
    call.abort(cancelled);
    const report = await answer;
    assert.partialDeepStrictEqual(report, {
      state: "cancelled",
      reason: "The call that started it was cancelled.",
      delivered: 0,
      next: "Nothing more is sent.",
    });
    go();
    await world.whileTimePasses(world.idle());
    const reached = world.target.reached.length - from;
    assert.ok(reached <= 5, `${reached} deliveries of the canary were under way`);
    assert.deepEqual({ ...(await told()), planId }, { ...report, planId });
    assert.equal(world.target.reached.length - from, reached);
  });

  test("a call that is cancelled before it starts anything leaves the plan to be started", async () => {
    const { from, call, go, asked, ended: carriedOut } = await hanging();
    call.abort(cancelled);
    assert.partialDeepStrictEqual(await asked(), { state: "planned", remaining: 8 });
    assert.equal(world.target.reached.length, from);
    go();
    assert.partialDeepStrictEqual(await carriedOut(), { state: "done", delivered: 8 });
  });

  test("a caller who is gone without a word, or only asked how far it is, stops nothing", async () => {
    for (const { starts, reason } of [
      { starts: true, reason: new Error("gone") },
      { starts: false, reason: cancelled },
    ]) {
      const { from, call, go, asked, ended: carriedOut } = await hanging();
      const first = starts ? undefined : carriedOut();
      if (first !== undefined) await world.target.came(from + 1);
      const answer = asked();
      await world.target.came(from + 1);
      call.abort(reason);
      assert.partialDeepStrictEqual(await answer, { state: "running", remaining: 8 });
      go();
      assert.partialDeepStrictEqual(await (first ?? carriedOut()), { state: "done", delivered: 8 });
    }
  });

  test("a plan that is not started within an hour is gone", async () => {
    const workspace = await world.newWorkspace();
    const { planId } = await planned(world, workspace);
    world.moveOn(3_600_000);
    await assert.rejects(world.call(workspace, replayWebhooks, { planId }), {
      kind: "not_found",
      detail: {
        pointer: "/planId",
        hint: "A plan is to be started within an hour. Call replay_webhooks with endpointId to make a new one.",
      },
    });
  });

  test("delivered events are replayed when that is asked for", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    world.target.answer(() => ({ status: 200 }));
    const { id } = await world.arrive(orders);
    await world.endingOf(workspace, id);
    const failedOnly = await world.call(workspace, replayWebhooks, { endpointId: orders.id });
    assert.equal(failedOnly["selected"], 0);
    const { planId, selected } = await world.call(workspace, replayWebhooks, {
      endpointId: orders.id,
      status: "delivered",
    });
    assert.equal(selected, 1);
    assert.partialDeepStrictEqual(await ended(workspace, planId), { state: "done", delivered: 1 });
  });
});
