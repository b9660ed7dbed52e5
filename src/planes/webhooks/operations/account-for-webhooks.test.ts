import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { missingEndpointAtWork } from "../../../../test/missing-endpoint.ts";
import {
  githubHeaders,
  openRunningWorld,
  runningScenarios,
  type RunningScenario,
  type RunningWorld,
} from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { accountForWebhooks } from "./account-for-webhooks.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const nothing = { delivered: 0, pending: 0, failed: 0, filtered: 0, duplicate: 0, rejected: 0, remainder: 0 };

function refused(name: string, input: Output, pointer: string): RunningScenario {
  return { name, scopes: "all", input, fails: { kind: "invalid", pointer }, leaves: {} };
}

async function oneDelivered(world: RunningWorld, workspace: string): Promise<Output> {
  const orders = await world.endpointIn(workspace);
  const { id } = await world.arrive(orders);
  await world.endingOf(workspace, id);
  return orders;
}

runningScenarios(accountForWebhooks, [
  {
    name: "the last 24 hours of a workspace without traffic",
    scopes: ["logs:read"],
    input: {},
    gives: { received: 0, ...nothing, unaccounted: [] },
    leaves: {},
  },
  {
    name: "one endpoint by its slug",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: { endpointId: "orders" },
    gives: { received: 1, ...nothing, delivered: 1 },
    leaves: {},
  },
  {
    name: "a window before it came",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: { since: "2026-11-19T00:00:00Z", until: "2026-11-20T13:00:00+01:00" },
    gives: { from: "2026-11-19T00:00:00.000Z", to: "2026-11-20T12:00:00.000Z", received: 0, ...nothing },
    leaves: {},
  },
  ...missingEndpointAtWork(),
  refused(
    "a window has a beginning before its end",
    { since: "2026-11-20T00:00:00Z", until: "2026-11-20T00:00:00Z" },
    "/since",
  ),
  refused("a window is at most 31 days", { since: "2026-10-01T00:00:00Z" }, "/since"),
  refused("a moment is a date and a time", { since: "2026-11-20" }, "/since"),
  refused("a moment is one of our days", { until: "0000-01-01T00:00:00Z" }, "/until"),
  refused(
    "a moment is not at the end of time",
    { since: "9999-12-31T00:00:00Z", until: "9999-12-31T23:59:59-23:59" },
    "/since",
  ),
]);

describe("account_for_webhooks, told in full", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  test("each term is counted where it arises, and together they are all that was received", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { provider: "github", maxAttempts: 1 });
    await world.call(workspace, setEndpointSecret, { endpointId: orders.id, secret: "fake" });
    const send = (id: string, secret = "fake") =>
      world.arrive(orders, { headers: githubHeaders(secret, "{}", id), body: "{}" });
    const delivered = await send("1");
    await world.endingOf(workspace, delivered.id);
    await send("1");
    for (let n = 0; n < 15; n++) await send(`forged ${n}`, "another");
    world.target.answer(() => ({ status: 500 }));
    const failed = await send("2");
    await world.endingOf(workspace, failed.id);
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    await send("3");

    const expected = {
      received: 19,
      delivered: 1,
      pending: 1,
      failed: 1,
      filtered: 0,
      duplicate: 1,
      rejected: 15,
      remainder: 0,
      unaccounted: [],
    };
    assert.partialDeepStrictEqual(await world.call(workspace, accountForWebhooks, {}), expected);
    assert.partialDeepStrictEqual(
      await world.call(workspace, accountForWebhooks, { endpointId: "orders" }),
      expected,
    );
    const stranger = await world.newWorkspace();
    assert.partialDeepStrictEqual(await world.call(stranger, accountForWebhooks, {}), {
      received: 0,
      ...nothing,
    });
  });

  test("what was rejected at an endpoint stays counted when it is deleted, stored or not", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    for (let n = 0; n < 13; n++) await world.arrive(orders, { method: "GET" });
    const account = () => world.call(workspace, accountForWebhooks, {});
    const expected = { ...nothing, received: 13, rejected: 13 };
    assert.partialDeepStrictEqual(await account(), expected);
    await world.call(workspace, deleteEndpoint, { endpointId: orders.id });
    assert.partialDeepStrictEqual(await account(), expected);
  });

  test("an event whose job was lost is a remainder, and is named", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    await world.call(workspace, updateEndpoint, { endpointId: orders.id, isActive: false });
    await world.arrive(orders);
    const lost = await world.arrive(orders);
    world.dropJob(lost.id);
    assert.partialDeepStrictEqual(await world.call(workspace, accountForWebhooks, {}), {
      received: 2,
      pending: 1,
      remainder: 1,
      unaccounted: [lost.id],
    });
  });

  test("a confined credential accounts for what it may see", async () => {
    const workspace = await world.newWorkspace();
    const shop = await world.endpointIn(workspace, { name: "shop", bucket: "shop" });
    const other = await world.endpointIn(workspace, { name: "other" });
    await world.call(workspace, updateEndpoint, { endpointId: shop.id, isActive: false });
    await world.call(workspace, updateEndpoint, { endpointId: other.id, isActive: false });
    await world.arrive(shop);
    await world.arrive(other);
    const caller = callerOf({ ...principalOf(workspace, "all"), confines: { buckets: ["shop"] } });
    assert.partialDeepStrictEqual(await invoke(accountForWebhooks, {}, caller, world.engines), {
      received: 1,
      pending: 1,
    });
    const none = callerOf({ ...principalOf(workspace, "all"), confines: { buckets: [] } });
    assert.partialDeepStrictEqual(await invoke(accountForWebhooks, {}, none, world.engines), { received: 0 });
  });
});
