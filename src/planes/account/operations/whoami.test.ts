import { scenarios } from "../../../../test/scenario.ts";
import { selfHosted } from "../../../registry/workspace.ts";
import { updateWorkspace } from "./update-workspace.ts";
import { whoami } from "./whoami.ts";

scenarios(whoami, [
  {
    name: "tells the credential, its workspace, the plan and the scopes",
    scopes: ["workspace:read", "logs:read"],
    input: {},
    gives: {
      actor: { kind: "key", id: "key_test" },
      person: null,
      workspace: { name: "test", plan: selfHosted },
      scopes: ["logs:read", "workspace:read"],
    },
    leaves: {},
  },
  {
    name: "a key that may do everything says so",
    scopes: "all",
    input: {},
    gives: { scopes: ["all"] },
    leaves: {},
  },
  {
    name: "the plan is the one that holds now",
    scopes: "all",
    given: (call) => call(updateWorkspace, { name: "Acme", plan: { endpointsMax: 3 } }),
    input: {},
    gives: { workspace: { name: "Acme", plan: { ...selfHosted, endpointsMax: 3 } } },
    leaves: {},
  },
  {
    name: "a workspace that the key does not belong to is not found",
    scopes: "all",
    input: { workspaceId: "ws_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/workspaceId" },
    leaves: {},
  },
  {
    name: "there is nothing to rehearse in a read",
    scopes: "all",
    input: { dryRun: true },
    fails: { kind: "invalid", pointer: "/dryRun" },
    leaves: {},
  },
]);
