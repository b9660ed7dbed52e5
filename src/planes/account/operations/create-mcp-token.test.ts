import assert from "node:assert/strict";
import { atMostThousand } from "../../../../test/token-limit.ts";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { authenticatorOf, bearing, callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createMcpToken } from "./create-mcp-token.ts";

const refused = (name: string, input: Scenario["input"], pointer: string): Scenario => ({
  name,
  scopes: "all",
  input,
  fails: { kind: "invalid", pointer },
  leaves: {},
});

scenarios(createMcpToken, [
  {
    name: "sees one environment, and all buckets of it unless some are named",
    scopes: ["credentials:write", "environments:read", "markers:write", "traffic:read", "workspace:read"],
    input: { name: "agent", environment: "staging" },
    gives: {
      kind: "mcp-token",
      environment: "staging",
      buckets: null,
      toolsets: ["traffic"],
      state: "active",
    },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "is confined to the buckets that are named",
    scopes: "all",
    input: { name: "agent", environment: "staging", buckets: ["shop"] },
    gives: { buckets: ["shop"] },
    leaves: { credential: 1, audit: 1, history: 1 },
  },
  {
    name: "nobody hands on what they do not have",
    scopes: ["credentials:write"],
    input: { name: "agent", environment: "staging" },
    fails: { kind: "forbidden" },
    leaves: {},
  },
  refused("the environment must be there", { name: "agent", environment: "canary" }, "/environment"),
  refused(
    "the buckets must be in it",
    { name: "agent", environment: "staging", buckets: ["other"] },
    "/buckets/0",
  ),
]);

dryRunLeavesNothing(createMcpToken, { input: { name: "agent", environment: "staging" } });

test("the token carries its confines, writes markers alone, and is nowhere in what is stored", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const input = { name: "agent", environment: "staging", buckets: ["shop"] };
    const { secret, id } = await invoke(createMcpToken, input, caller, world.engines);
    assert.match(String(secret), /^mt_[0-9A-Za-z]{49}$/);
    const principal = await (await authenticatorOf(world.engines))(bearing(`Bearer ${String(secret)}`));
    assert.deepEqual(principal.credential, { kind: "mcp-token", id });
    assert.deepEqual(principal.confines, { environment: "staging", buckets: ["shop"] });
    const writes = [...world.engines.catalogue.operations.values()].filter(({ effect }) => effect !== "read");
    const scopes = principal.workspaces.get(workspace);
    assert.ok(scopes !== undefined && scopes !== "all");
    assert.deepEqual(
      writes.filter(({ scope }) => scopes.has(scope)).map(({ name }) => name),
      ["create_event"],
    );
    assert.doesNotMatch(world.dump(), new RegExp(String(secret).slice(7)));
  } finally {
    await world.close();
  }
});

test("a workspace has at most 1,000 MCP tokens that are not revoked", () =>
  atMostThousand(
    createMcpToken,
    { name: "agent", environment: "staging" },
    { kind: "mcp-token", title: "MCP token" },
  ));
