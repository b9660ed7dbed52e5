import assert from "node:assert/strict";
import { test } from "node:test";
import {
  runningDryRunLeavesNothing,
  runningScenarios,
  type RunningWorld,
} from "../../../../../test/running-world.ts";
import { dryRunLeavesNothing, scenarios, type Prepare, type Scenario } from "../../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../../test/world.ts";
import { invoke, type Output } from "../../../../registry/invoke.ts";
import { createAlert } from "./create-alert.ts";
import { deleteAlert } from "./delete-alert.ts";
import { listAlerts } from "./list-alerts.ts";
import { testAlert } from "./test-alert.ts";
import { updateAlert } from "./update-alert.ts";

const targetUrl = "https://alerts.example.com/hook";
const errors = { name: "errors", watch: { kind: "error_rate", above: 0.05 }, targetUrl };
const changed = { alert: 1, audit: 1, history: 1 };

const anAlert = (call: Prepare): Promise<Output> => call(createAlert, errors);
const running = (world: RunningWorld, workspace: string): Promise<Output> =>
  world.call(workspace, createAlert, { ...errors, targetUrl: world.target.url });

function refused(name: string, input: Output, pointer: string): Scenario {
  const fails = { kind: "invalid", pointer } as const;
  return { name, scopes: "all", input: { ...errors, ...input }, fails, leaves: {} };
}

const missing = {
  name: "an alert that is not there",
  scopes: "all",
  input: { alertId: "alr_none" },
  fails: { kind: "not_found", pointer: "/alertId" },
  leaves: {},
} as const;

scenarios(createAlert, [
  {
    name: "a name, what it watches and a target are enough",
    scopes: ["traffic_rules:write"],
    input: errors,
    gives: {
      name: "errors",
      about: "server errors above 5 % of at least 20 requests in 5 min",
      watch: { kind: "error_rate", above: 0.05, errors: "server", requestsMin: 20 },
      environment: null,
      bucket: null,
      path: null,
      windowMinutes: 5,
      resolveAfterMinutes: 5,
      remindHours: 24,
      target: "https://alerts.example.com",
      isActive: true,
      version: 1,
    },
    leaves: changed,
  },
  {
    name: "the remainder is that of a day unless more is asked for",
    scopes: "all",
    input: { ...errors, watch: { kind: "remainder" } },
    gives: {
      windowMinutes: 1_440,
      about: "webhooks received in 1440 min that neither ended nor are waiting",
    },
    leaves: changed,
  },
  {
    name: "two alerts do not have one name",
    scopes: "all",
    given: anAlert,
    input: errors,
    fails: { kind: "conflict", pointer: "/name" },
    leaves: {},
  },
  refused("a share is below 1", { watch: { kind: "error_rate", above: 1 } }, "/watch/above"),
  refused("of what is watched there are four kinds", { watch: { kind: "mood" } }, "/watch/kind"),
  refused("a window has at most a day", { windowMinutes: 1_441 }, "/windowMinutes"),
  refused("an environment is one of the workspace's", { environment: "nowhere" }, "/environment"),
  refused("a bucket is one of the environment's", { environment: "staging", bucket: "none" }, "/bucket"),
  refused("the remainder has no bucket", { watch: { kind: "remainder" }, bucket: "shop" }, "/bucket"),
  refused("a target is no private address", { targetUrl: "http://192.168.0.1/hook" }, "/targetUrl"),
  refused("a target's name resolves", { targetUrl: "https://gone.invalid/hook" }, "/targetUrl"),
]);

scenarios(updateAlert, [
  {
    name: "what is left out stays as it is",
    scopes: ["traffic_rules:write"],
    given: anAlert,
    input: ({ id }) => ({ alertId: id, windowMinutes: 10, isActive: false }),
    gives: { name: "errors", windowMinutes: 10, isActive: false, signingSecret: null, version: 2 },
    leaves: changed,
  },
  {
    name: "another version than the one that was read is a conflict",
    scopes: "all",
    given: anAlert,
    input: { alertId: "errors", isActive: false, expectedVersion: 2 },
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  {
    name: "something is to be changed",
    scopes: "all",
    given: anAlert,
    input: { alertId: "errors" },
    fails: { kind: "invalid", pointer: "" },
    leaves: {},
  },
  { ...missing, input: { alertId: "alr_none", isActive: false } },
]);

scenarios(deleteAlert, [
  {
    name: "by its name",
    scopes: ["traffic_rules:write"],
    given: anAlert,
    input: { alertId: "errors" },
    gives: { deleted: true },
    leaves: changed,
  },
  missing,
]);

scenarios(listAlerts, [
  {
    name: "one that was not looked at yet",
    scopes: ["traffic:read"],
    given: anAlert,
    input: {},
    gives: {
      alerts: [{ name: "errors", state: "unknown", firedAt: null, figures: null, notification: null }],
    },
    leaves: {},
  },
]);

runningScenarios(testAlert, [
  {
    name: "sends a test and answers what came of it",
    scopes: ["traffic_rules:write"],
    given: running,
    input: ({ id }) => ({ alertId: id }),
    gives: { state: "delivered", wouldFire: false, attempt: { status: 200, error: null } },
    leaves: { audit: 1, exchange: 2 },
  },
  missing,
]);

for (const [it, input] of [
  [createAlert, { ...errors, name: "another" }],
  [updateAlert, { alertId: "errors", newSecret: true }],
  [deleteAlert, { alertId: "errors" }],
] as const)
  dryRunLeavesNothing(it, { given: anAlert, input });

runningDryRunLeavesNothing(testAlert, { given: running, input: { alertId: "errors" } });

test("a dry run makes no secret that could be taken for the one", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const tried = await invoke(createAlert, { ...errors, dryRun: true }, caller, world.engines);
    assert.equal(tried["signingSecret"], null);
    const made = await invoke(createAlert, errors, caller, world.engines);
    assert.match(String(made["signingSecret"]), /^whsec_[0-9A-Za-z+/]{43}=$/);
  } finally {
    await world.close();
  }
});
