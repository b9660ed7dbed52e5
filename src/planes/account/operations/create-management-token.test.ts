import { atMostThousand } from "../../../../test/token-limit.ts";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios } from "../../../../test/scenario.ts";
import { createManagementToken } from "./create-management-token.ts";

scenarios(createManagementToken, [
  {
    name: "has the scopes that are chosen, and lists the tools that they are for",
    scopes: ["credentials:write", "endpoints:read", "changes:read"],
    input: { name: "ci", scopes: ["endpoints:read", "changes:read"] },
    gives: {
      kind: "management-token",
      scopes: ["endpoints:read", "changes:read"],
      toolsets: ["webhooks", "account"],
    },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "nobody hands on what they do not have",
    scopes: ["credentials:write"],
    input: { name: "ci", scopes: ["credentials:write", "endpoints:read"] },
    fails: { kind: "forbidden" },
    leaves: {},
  },
  {
    name: "a scope that no operation needs is refused where it stands",
    scopes: "all",
    input: { name: "ci", scopes: ["endpoints:read", "endpoints:reed"] },
    fails: { kind: "invalid", pointer: "/scopes/1" },
    leaves: {},
  },
  {
    name: "a token without a scope is good for nothing",
    scopes: "all",
    input: { name: "ci", scopes: [] },
    fails: { kind: "invalid", pointer: "/scopes" },
    leaves: {},
  },
]);

dryRunLeavesNothing(createManagementToken, { input: { name: "ci", scopes: ["endpoints:read"] } });

test("a workspace has at most 1,000 management tokens that are not revoked", () =>
  atMostThousand(
    createManagementToken,
    { name: "agent", scopes: ["endpoints:read"] },
    { kind: "management-token", title: "management token" },
  ));
