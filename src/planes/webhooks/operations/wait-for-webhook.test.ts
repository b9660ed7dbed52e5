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
import type { Output } from "../../../registry/invoke.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { waitForWebhook } from "./wait-for-webhook.ts";

async function oneDelivered(world: RunningWorld, workspace: string): Promise<Output> {
  const orders = await world.endpointIn(workspace);
  const { id } = await world.arrive(orders);
  await world.endingOf(workspace, id);
  return { endpointId: orders.id, event: id };
}

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

runningScenarios(waitForWebhook, [
  {
    name: "what came after a position is answered at once",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: ({ endpointId }) => ({ endpointId, position: 0 }),
    gives: { found: true, log: { state: "delivered", kind: "event" } },
    leaves: {},
  },
  {
    name: "an ending, too",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: ({ endpointId }) => ({ endpointId, position: 0, until: "ended" }),
    gives: { found: true, log: { state: "delivered", number: "#1" } },
    leaves: {},
  },
  {
    name: "what came before the call is not waited for",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: ({ endpointId }) => ({ endpointId, timeoutSeconds: 0 }),
    gives: {
      found: false,
      log: null,
      next: "Nothing came in time. Call again with this position, or look at list_logs.",
    },
    leaves: {},
  },
  {
    name: "another type of event is not the one",
    scopes: ["logs:read"],
    given: oneDelivered,
    input: ({ endpointId }) => ({ endpointId, position: 0, eventType: "push", timeoutSeconds: 0 }),
    gives: { found: false },
    leaves: {},
  },
  ...missingEndpointAtWork(),
  refused("it waits for receipt or ending", { until: "delivered" }, "/until"),
  refused("it waits at most a minute", { timeoutSeconds: 61 }, "/timeoutSeconds"),
  refused("it does not wait back in time", { timeoutSeconds: -1 }, "/timeoutSeconds"),
  refused("a position is not negative", { position: -1 }, "/position"),
  refused("a type has at most 100 characters", { eventType: "a".repeat(101) }, "/eventType"),
]);

describe("wait_for_webhook, told in full", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  test("it answers when the webhook comes", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    const other = await world.endpointIn(workspace, { name: "other" });
    const waiting = world.call(workspace, waitForWebhook, {
      endpointId: orders.id,
      until: "ended",
      position: 0,
    });
    await world.arrive(other);
    const { id } = await world.arrive(orders);
    assert.partialDeepStrictEqual(await waiting, {
      found: true,
      log: { id, state: "delivered" },
      next: `get_log_detail ${id} shows it whole.`,
    });
  });

  test("from call to call each webhook is answered once, and none is missed", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await world.arrive(orders)).id);
    const seen: unknown[] = [];
    let position: unknown = 0;
    for (let n = 0; n < 3; n++) {
      const answer = await world.call(workspace, waitForWebhook, { endpointId: orders.id, position });
      seen.push((answer["log"] as { id: string }).id);
      position = answer["position"];
    }
    assert.deepEqual(seen, ids);
  });

  test("of a provider's events the type decides", async () => {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace, { provider: "github" });
    await world.call(workspace, setEndpointSecret, { endpointId: orders.id, secret: "fake" });
    const headers = githubHeaders("fake", "{}", "1");
    const { id } = await world.arrive(orders, { headers, body: "{}" });
    const answer = await world.call(workspace, waitForWebhook, {
      endpointId: orders.id,
      position: 0,
      eventType: "push",
    });
    assert.partialDeepStrictEqual(answer, { found: true, log: { id, untrusted: { eventType: "push" } } });
  });
});
