import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingEndpointAtWork } from "../../../../test/missing-endpoint.ts";
import {
  githubHeaders,
  openRunningWorld,
  runningScenarios,
  type MadeEndpoint,
  type RunningScenario,
  type RunningWorld,
} from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { cursorOf } from "../../../kernel/page.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { listLogs } from "./list-logs.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const noon = "2026-11-20T12:00:00.000Z";

function refused(name: string, input: Output, pointer: string): RunningScenario {
  return {
    name,
    scopes: "all",
    given: (world, workspace) => world.endpointIn(workspace),
    input: { endpointId: "orders", ...input },
    fails: { kind: "invalid", pointer },
    leaves: {},
  };
}

async function oneDelivered(world: RunningWorld, workspace: string): Promise<MadeEndpoint> {
  const orders = await world.endpointIn(workspace);
  const { id } = await world.arrive(orders, { query: "?a=1", headers: [["user-agent", "Shop/1"]] });
  await world.endingOf(workspace, id);
  return orders;
}

runningScenarios(listLogs, [
  {
    name: "lists a request with its delivery",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: ({ id }) => ({ endpointId: id }),
    gives: {
      logs: [
        {
          number: "#1",
          kind: "event",
          receivedAt: noon,
          method: "POST",
          answered: 200,
          state: "delivered",
          verification: "not verified",
          error: null,
          bytes: 24,
          untrusted: { path: "/in/orders?a=1", eventType: null, detail: null },
          attempts: 1,
          lastAttempts: [
            { attempt: 1, kind: "delivery", at: noon, outcome: "delivered", status: 200, error: null },
          ],
        },
      ],
      nextCursor: null,
    },
    leaves: {},
  },
  {
    name: "an endpoint without requests has an empty list",
    scopes: ["logs:read"],
    given: (world, workspace) => world.endpointIn(workspace),
    input: { endpointId: "orders", page: 1, limit: 50 },
    gives: { logs: [], nextCursor: null },
    leaves: {},
  },
  {
    name: "only what stands as asked",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: { endpointId: "orders", status: "failed" },
    gives: { logs: [] },
    leaves: {},
  },
  {
    name: "only what came since",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: { endpointId: "orders", since: "2026-11-20T13:00:00.001+01:00" },
    gives: { logs: [] },
    leaves: {},
  },
  ...missingEndpointAtWork(),
  refused("a page has at most 50 logs", { limit: 51 }, "/limit"),
  refused("a page has at least one log", { limit: 0 }, "/limit"),
  refused("pages count from 1", { page: 0 }, "/page"),
  refused("pages go to 20", { page: 21 }, "/page"),
  refused("a page by number or by cursor", { page: 1, cursor: cursorOf({ startedAt: 1, id: "x" }) }, "/page"),
  refused("a cursor is one of this list", { cursor: "newer" }, "/cursor"),
  refused("a cursor names a log", { cursor: cursorOf({ startedAt: 1, id: "ep_1" }) }, "/cursor"),
  refused(
    "a cursor of pending logs, too",
    { cursor: cursorOf({ startedAt: 1, id: "x" }), status: "pending" },
    "/cursor",
  ),
  refused(
    "a cursor of another list is none of this one",
    { cursor: cursorOf({ createdAt: 1, id: "ep_1" }) },
    "/cursor",
  ),
  refused("a state is a known one", { status: "lost" }, "/status"),
  refused("a moment is a date and a time", { since: "yesterday" }, "/since"),
  refused("a moment is one of this calendar", { since: "2026-02-30T00:00:00Z" }, "/since"),
]);

describe("list_logs, page by page", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  async function received(count: number) {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    const ids: string[] = [];
    for (let n = 0; n < count; n++) {
      ids.push((await world.arrive(orders)).id);
      if (n % 3 === 0) world.moveOn(1_000);
    }
    const list = (input: object) => world.call(workspace, listLogs, { endpointId: orders.id, ...input });
    return { workspace, orders, ids, list };
  }

  function idsOf({ logs }: Output): readonly string[] {
    return (logs as { id: string }[]).map(({ id }) => id);
  }

  test("the limit says that 50 is the most, and what to do", async () => {
    const { list } = await received(0);
    await assert.rejects(list({ limit: 51 }), {
      message: '"limit": at most 50 logs come at a time; follow nextCursor for more.',
    });
    await assert.rejects(list({ page: 2, cursor: "x" }), {
      message: "Give page or cursor, not both.",
      detail: { pointer: "/page", hint: "Start with page, or follow nextCursor." },
    });
  });

  test("by cursor, by number, and pending ones oldest first: no gap and no repeat", async () => {
    const { ids, list } = await received(7);
    const newestFirst = ids.toReversed();
    for (const [status, expected] of [
      [{}, newestFirst],
      [{ status: "pending" }, ids],
    ] as const) {
      const listed: string[] = [];
      let page = await list({ limit: 3, ...status });
      for (let n = 0; n < 5; n++) {
        listed.push(...idsOf(page));
        if (page["nextCursor"] === null) break;
        page = await list({ limit: 3, ...status, cursor: page["nextCursor"] });
      }
      assert.deepEqual(listed, expected);
    }
    assert.deepEqual(idsOf(await list({ limit: 3, page: 2 })), newestFirst.slice(3, 6));
    assert.deepEqual(idsOf(await list({ limit: 3, page: 3 })), newestFirst.slice(6));
    const second = await list({ limit: 3, page: 2 });
    assert.deepEqual(idsOf(await list({ limit: 3, cursor: second["nextCursor"] })), newestFirst.slice(6));
  });

  test("the last page that a number reaches is answered like the first", async () => {
    const { list } = await received(1);
    assert.deepEqual(await list({ page: 20, limit: 50 }), { logs: [], nextCursor: null });
  });

  test("each log says how it stands: pending, delivered, failed, duplicate, rejected", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { provider: "github", maxAttempts: 1 });
    await world.call(workspace, setEndpointSecret, { endpointId: orders.id, secret: "fake" });
    const send = (id: string, secret = "fake") =>
      world.arrive(orders, { headers: githubHeaders(secret, '{"a":1}', id), body: '{"a":1}' });
    const delivered = await send("1");
    await world.endingOf(workspace, delivered.id);
    const duplicate = await send("1");
    const rejected = await send("2", "another");
    assert.equal(rejected.status, 401);
    world.target.answer(() => ({ status: 500 }));
    const failed = await send("3");
    await world.endingOf(workspace, failed.id);
    world.target.answer(() => ({ status: 200 }));
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    const pending = await send("4");

    const expected = {
      pending: pending.id,
      delivered: delivered.id,
      failed: failed.id,
      duplicate: duplicate.id,
    };
    for (const [status, id] of Object.entries(expected)) {
      const { logs } = await world.call(workspace, listLogs, { endpointId: orders.id, status });
      assert.partialDeepStrictEqual(logs, [{ id, state: status }]);
      assert.equal((logs as []).length, 1);
    }
    const { logs } = await world.call(workspace, listLogs, { endpointId: orders.id, status: "rejected" });
    assert.partialDeepStrictEqual(logs, [
      { state: "rejected", answered: 401, error: "no_match", verification: "refused", attempts: 0 },
    ]);
    const all = await world.call(workspace, listLogs, { endpointId: orders.id });
    assert.equal((all["logs"] as []).length, 5);
  });

  test("another workspace, and a credential that may not see the endpoint, finds none of it", async () => {
    const { workspace, orders } = await received(1);
    const stranger = await world.newWorkspace();
    await assert.rejects(world.call(stranger, listLogs, { endpointId: orders.id }), { kind: "not_found" });
    const caller = callerOf({ ...principalOf(workspace, "all"), confines: { buckets: ["other"] } });
    await assert.rejects(invoke(listLogs, { endpointId: orders.id }, caller, world.engines), {
      kind: "not_found",
    });
  });
});
