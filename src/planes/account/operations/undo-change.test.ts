import { dryRunLeavesNothing, scenarios, type Prepare, type Scenario } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { createEndpoint } from "../../webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../../webhooks/operations/delete-endpoint.ts";
import { replayWebhooks } from "../../webhooks/operations/replay-webhooks.ts";
import { updateEndpoint } from "../../webhooks/operations/update-endpoint.ts";
import { createApiKey } from "./create-api-key.ts";
import { listChanges } from "./list-changes.ts";
import { undoChange } from "./undo-change.ts";
import { updateWorkspace } from "./update-workspace.ts";

const orders = { name: "orders", targetUrl: "https://api.example.com/hooks" };
const reverted = { audit: 1, endpoint: 1, history: 1 };

/** What the newest change, `back` before it, is known by. */
async function changeOf(call: Prepare, back = 0): Promise<Output> {
  const { changes } = await call(listChanges, { limit: back + 1 });
  return (changes as readonly Output[])[back] ?? {};
}

/** Calls each in turn; answers the newest change. */
function after(...calls: readonly (readonly [Operation, object])[]): (call: Prepare) => Promise<Output> {
  return async (call) => {
    for (const [it, input] of calls) await call(it, input);
    return changeOf(call);
  };
}

const newest: Scenario["input"] = ({ changeId }) => ({ changeId });
const renamed = after([createEndpoint, orders], [updateEndpoint, { endpointId: "orders", name: "Renamed" }]);
const deleted = after([createEndpoint, orders], [deleteEndpoint, { endpointId: "orders" }]);

scenarios(undoChange, [
  {
    name: "sets back what an update changed",
    scopes: ["changes:write", "endpoints:write"],
    given: renamed,
    input: newest,
    gives: {
      undone: { operation: "update_endpoint", at: "2026-11-20T12:00:00.000Z" },
      records: [{ kind: "endpoint", version: 3, became: "as it was" }],
    },
    leaves: reverted,
  },
  {
    name: "a deleted endpoint is there again",
    scopes: ["changes:write", "endpoints:delete"],
    given: deleted,
    input: newest,
    gives: { records: [{ kind: "endpoint", version: 3, became: "there again" }] },
    leaves: reverted,
  },
  {
    name: "a created endpoint is gone, and the queue is told",
    scopes: "all",
    given: after([createEndpoint, orders]),
    input: newest,
    gives: { records: [{ kind: "endpoint", version: 2, became: "gone" }] },
    leaves: { ...reverted, outbox: 1 },
  },
  {
    name: "the queue is told of a pause that is undone",
    scopes: "all",
    given: after([createEndpoint, orders], [updateEndpoint, { endpointId: "orders", isActive: false }]),
    input: newest,
    leaves: { ...reverted, outbox: 1 },
  },
  {
    name: "the scope of what is undone is needed too",
    scopes: ["changes:write", "endpoints:write"],
    given: deleted,
    input: newest,
    fails: { kind: "forbidden" },
    leaves: {},
  },
  {
    name: "doing again what was undone needs that scope too",
    scopes: ["changes:write", "endpoints:write"],
    given: async (call) => {
      await call(undoChange, { changeId: (await deleted(call))["changeId"] });
      return changeOf(call);
    },
    input: newest,
    fails: { kind: "forbidden" },
    leaves: {},
  },
  {
    name: "what changed since is left alone",
    scopes: "all",
    given: async (call) => {
      await after([createEndpoint, orders], [updateEndpoint, { endpointId: "orders", name: "Mine" }])(call);
      await call(updateEndpoint, { endpointId: "orders", name: "Theirs" });
      return changeOf(call, 1);
    },
    input: newest,
    fails: { kind: "conflict", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "nothing is undone twice",
    scopes: "all",
    given: async (call) => {
      const change = await renamed(call);
      await call(undoChange, { changeId: change["changeId"] });
      return change;
    },
    input: newest,
    fails: { kind: "conflict", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "a slug that was taken meanwhile stands against it",
    scopes: "all",
    given: async (call) => {
      const change = await deleted(call);
      await call(createEndpoint, orders);
      return change;
    },
    input: newest,
    fails: { kind: "conflict", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "the plan's limit stands against it",
    scopes: "all",
    given: async (call) => {
      const change = await deleted(call);
      await call(createEndpoint, { ...orders, name: "another" });
      await call(updateWorkspace, { plan: { endpointsMax: 1 } });
      return change;
    },
    input: newest,
    fails: { kind: "quota_exceeded", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "a key that was shown stays",
    scopes: "all",
    given: after([createApiKey, { name: "laptop" }]),
    input: newest,
    fails: { kind: "conflict", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "what was done in the world is done",
    scopes: "all",
    given: after([createEndpoint, orders], [replayWebhooks, { endpointId: "orders" }]),
    input: newest,
    fails: { kind: "conflict", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "an unknown change is not found",
    scopes: "all",
    input: { changeId: "aud_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/changeId" },
    leaves: {},
  },
  {
    name: "an id has at most 100 characters",
    scopes: "all",
    input: { changeId: "a".repeat(101) },
    fails: { kind: "invalid", pointer: "/changeId" },
    leaves: {},
  },
]);

dryRunLeavesNothing(undoChange, { given: renamed, input: newest });
