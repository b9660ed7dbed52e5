import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Scenario } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { createBucket } from "./create-bucket.ts";
import { createEnvironment } from "./create-environment.ts";
import { createMcpToken } from "./create-mcp-token.ts";
import { deleteBucket } from "./delete-bucket.ts";
import { deleteEnvironment } from "./delete-environment.ts";
import { listBuckets } from "./list-buckets.ts";
import { listEnvironments } from "./list-environments.ts";
import { revokeCredential } from "./revoke-credential.ts";
import { undoChange } from "./undo-change.ts";

const canary: Scenario["given"] = (call) => call(createEnvironment, { name: "canary" });
const spare: Scenario["given"] = (call) => call(createBucket, { name: "spare" });
/** A bucket that a token of this life names. */
const seen =
  (expiresInDays: number | null): NonNullable<Scenario["given"]> =>
  async (call) => {
    const made = await call(createBucket, { name: "spare" });
    const agent = { name: "agent", environment: "production", buckets: ["default", "spare"], expiresInDays };
    const token = await call(createMcpToken, agent);
    return { ...made, token: token["id"] };
  };

scenarios(createEnvironment, [
  {
    name: "comes with a bucket",
    scopes: ["environments:write"],
    input: { name: "canary" },
    gives: { name: "canary", version: 1 },
    leaves: { environment: 1, bucket: 1, audit: 1, history: 2 },
  },
  {
    name: "a name is taken once",
    scopes: "all",
    input: { name: "staging" },
    fails: { kind: "conflict", pointer: "/name" },
    leaves: {},
  },
  {
    name: "a name goes into addresses",
    scopes: "all",
    input: { name: "Our Staging" },
    fails: { kind: "invalid", pointer: "/name" },
    leaves: {},
  },
]);

scenarios(deleteEnvironment, [
  {
    name: "goes with its buckets",
    scopes: ["environments:write"],
    given: canary,
    input: ({ id }) => ({ environmentId: id }),
    gives: { name: "canary" },
    leaves: { environment: 1, bucket: 1, audit: 1, history: 2 },
  },
  {
    name: "what uses it stands in the way",
    scopes: "all",
    given: async (call) => {
      const made = await call(createEnvironment, { name: "canary" });
      await call(createMcpToken, { name: "agent", environment: "canary" });
      return made;
    },
    input: ({ id }) => ({ environmentId: id }),
    fails: { kind: "conflict" },
    leaves: {},
  },
  {
    name: "an unknown one is not found",
    scopes: "all",
    input: { environmentId: "env_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/environmentId" },
    leaves: {},
  },
]);

scenarios(createBucket, [
  {
    name: "is in production unless told otherwise",
    scopes: ["environments:write"],
    input: { name: "spare" },
    gives: { environment: "production", name: "spare" },
    leaves: { bucket: 1, audit: 1, history: 1 },
  },
  {
    name: "its environment must be there",
    scopes: "all",
    input: { environment: "canary", name: "spare" },
    fails: { kind: "invalid", pointer: "/environment" },
    leaves: {},
  },
  {
    name: "a name is taken once in an environment",
    scopes: "all",
    input: { name: "default" },
    fails: { kind: "conflict", pointer: "/name" },
    leaves: {},
  },
]);

scenarios(deleteBucket, [
  {
    name: "goes",
    scopes: ["environments:write"],
    given: spare,
    input: ({ id }) => ({ bucketId: id }),
    gives: { environment: "production", name: "spare" },
    leaves: { bucket: 1, audit: 1, history: 1 },
  },
  {
    name: "an MCP token that names it stands in the way, for it would see one made later under the name",
    scopes: "all",
    given: seen(null),
    input: ({ id }) => ({ bucketId: id }),
    fails: { kind: "conflict" },
    leaves: {},
  },
  {
    name: "a revoked token does not",
    scopes: "all",
    given: async (call, place) => {
      const made = await seen(null)(call, place);
      await call(revokeCredential, { credentialId: made["token"] });
      return made;
    },
    input: ({ id }) => ({ bucketId: id }),
    gives: { name: "spare" },
    leaves: { bucket: 1, audit: 1, history: 1 },
  },
  {
    name: "nor does a token of another environment",
    scopes: "all",
    given: async (call) => {
      await call(createBucket, { environment: "staging", name: "spare" });
      await call(createMcpToken, { name: "agent", environment: "staging", buckets: ["spare"] });
      return call(createBucket, { name: "spare" });
    },
    input: ({ id }) => ({ bucketId: id }),
    gives: { name: "spare" },
    leaves: { bucket: 1, audit: 1, history: 1 },
  },
  {
    name: "at another version than was seen, it stays",
    scopes: "all",
    given: spare,
    input: ({ id }) => ({ bucketId: id, expectedVersion: 2 }),
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  {
    name: "an unknown one is not found",
    scopes: "all",
    input: { bucketId: "bkt_0000000000000000000000" },
    fails: { kind: "not_found", pointer: "/bucketId" },
    leaves: {},
  },
]);

scenarios(listEnvironments, [
  {
    name: "lists all of them",
    scopes: ["environments:read"],
    input: {},
    gives: {
      environments: [
        { name: "development", accessible: true },
        { name: "production", accessible: true },
        { name: "staging", accessible: true },
      ],
    },
    leaves: {},
  },
]);

scenarios(listBuckets, [
  {
    name: "lists those of one environment",
    scopes: ["environments:read"],
    input: { environment: "staging" },
    gives: { buckets: [{ environment: "staging", name: "default" }, { name: "shop" }] },
    leaves: {},
  },
]);

dryRunLeavesNothing(createEnvironment, { input: { name: "canary" } });
dryRunLeavesNothing(createBucket, { input: { name: "spare" } });
dryRunLeavesNothing(deleteEnvironment, { given: canary, input: ({ id }) => ({ environmentId: id }) });
dryRunLeavesNothing(deleteBucket, { given: spare, input: ({ id }) => ({ bucketId: id }) });

test("a confined credential is told the names of all environments, and of buckets its own alone", async () => {
  const world = await openWorld();
  try {
    const confines = { environment: "staging", buckets: ["shop"] };
    const principal = { ...principalOf(await world.newWorkspace(), "all"), confines };
    const caller = callerOf(principal);
    const { environments } = await invoke(listEnvironments, {}, caller, world.engines);
    assert.partialDeepStrictEqual(environments, [
      { name: "development", accessible: false },
      { name: "production", accessible: false },
      { name: "staging", accessible: true },
    ]);
    const { buckets } = await invoke(listBuckets, {}, caller, world.engines);
    assert.partialDeepStrictEqual({ buckets }, { buckets: [{ environment: "staging", name: "shop" }] });
    await assert.rejects(invoke(listBuckets, { environment: "production" }, caller, world.engines), {
      kind: "forbidden",
      detail: {
        pointer: "/environment",
        allowed: ["staging"],
        hint: "Leave environment out, or use a credential of that environment.",
      },
    });
  } finally {
    await world.close();
  }
});

test("a bucket's deletion waits for the tokens that name it, and says which; what is made under their names is refused too", async () => {
  const world = await openWorld();
  try {
    const { engines } = world;
    const workspace = await world.newWorkspace();
    const call = (it: Operation, input: object) =>
      invoke(it, input, callerOf(principalOf(workspace, "all")), engines);
    const { id: bucketId } = await call(createBucket, { name: "spare" });
    const asked = { name: "agent", environment: "production", buckets: ["spare"], expiresInDays: 30 };
    const { id } = await call(createMcpToken, asked);
    const refused = {
      kind: "conflict",
      message: new RegExp(`seen by the MCP token "agent" \\(${String(id)}\\)`),
      detail: { hint: "Revoke the token first: revoke_credential." },
    };
    await assert.rejects(call(deleteBucket, { bucketId }), refused);

    const [made] = await engines.store.audit.list(workspace, {
      limit: 1,
      where: { operation: "create_bucket" },
    });
    await call(undoChange, { changeId: made?.id });
    await assert.rejects(call(createBucket, { name: "spare" }), {
      kind: "conflict",
      detail: { pointer: "/name", hint: "Revoke the token first, or choose another name." },
    });

    world.clock.advance(30 * 24 * 3_600_000);
    const { id: again } = await call(createBucket, { name: "spare" });
    await call(deleteBucket, { bucketId: again });
  } finally {
    await world.close();
  }
});
