import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { authenticatorOf, bearing, callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { storeCredentials } from "../../../../test/stored-credentials.ts";
import { invoke } from "../../../registry/invoke.ts";
import { createMcpToken } from "./create-mcp-token.ts";
import { revokeCredential } from "./revoke-credential.ts";

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

test("a workspace has at most 1,000 MCP tokens that are not revoked", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const caller = callerOf(principalOf(workspace, "all"));
    const create = () =>
      invoke(createMcpToken, { name: "agent", environment: "staging" }, caller, world.engines);
    const value = { kind: "mcp-token", owner: "usr_somebody" } as const;
    const [oldest] = await storeCredentials(world.engines, workspace, { count: 1_000, value });
    await storeCredentials(world.engines, await world.newWorkspace(), { count: 1, value });
    await assert.rejects(create(), {
      kind: "quota_exceeded",
      message: "A workspace has at most 1000 MCP tokens that are not revoked.",
      detail: { hint: "Revoke those that are expired or no longer used: revoke_credential." },
    });
    await invoke(revokeCredential, { credentialId: oldest }, caller, world.engines);
    const [made, late] = await Promise.allSettled([create(), create()]);
    assert.deepEqual([made.status, late.status].toSorted(), ["fulfilled", "rejected"]);
  } finally {
    await world.close();
  }
});
