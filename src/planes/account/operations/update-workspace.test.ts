import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { selfHosted } from "../../../registry/workspace.ts";
import { updateWorkspace } from "./update-workspace.ts";

const changed = { audit: 1, history: 1, workspace: 1 };

function refused(name: string, input: Scenario["input"], pointer: string): Scenario {
  return { name, scopes: "all", input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(updateWorkspace, [
  {
    name: "another version than the one that was read is a conflict",
    scopes: "all",
    input: { name: "shop", expectedVersion: 2 },
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  {
    name: "renames it and leaves the plan as it is",
    scopes: ["workspace:write"],
    input: { name: " Acme " },
    gives: { name: "Acme", plan: selfHosted, version: 2 },
    leaves: changed,
  },
  {
    name: "changes one limit and leaves the others as they are",
    scopes: ["workspace:write"],
    input: { plan: { eventsPerMonth: 0 } },
    gives: { name: "test", plan: { ...selfHosted, eventsPerMonth: 0 } },
    leaves: changed,
  },
  refused("a name of spaces is none", { name: "  " }, "/name"),
  refused("a name has at most 100 characters", { name: "a".repeat(101) }, "/name"),
  refused("a limit is no text", { plan: { endpointsMax: "many" } }, "/plan/endpointsMax"),
  refused("a limit is not negative", { plan: { endpointsMax: -1 } }, "/plan/endpointsMax"),
  refused("a limit is whole", { plan: { eventsPerMonth: 1.5 } }, "/plan/eventsPerMonth"),
  refused("a workspace keeps room for one key", { plan: { apiKeysMax: 0 } }, "/plan/apiKeysMax"),
  refused("retention is at least a day", { plan: { retentionDays: 0 } }, "/plan/retentionDays"),
  refused("retention is at most ten years", { plan: { retentionDays: 3_651 } }, "/plan/retentionDays"),
  refused("a limit that there is not is named", { plan: { seatsMax: 3 } }, "/plan/seatsMax"),
]);

dryRunLeavesNothing(updateWorkspace, { input: { name: "Acme" } });
