import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios, type Scenario } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { createEndpoint } from "../../webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../../webhooks/operations/delete-endpoint.ts";
import { rotateSigningSecret } from "../../webhooks/operations/rotate-signing-secret.ts";
import { updateEndpoint } from "../../webhooks/operations/update-endpoint.ts";
import { createApiKey } from "./create-api-key.ts";
import { listChanges } from "./list-changes.ts";
import { updateWorkspace } from "./update-workspace.ts";

const orders = { name: "orders", targetUrl: "https://api.example.com/hooks" };

const some: Scenario["given"] = async (call) => {
  const made = await call(createEndpoint, orders);
  await call(updateEndpoint, { endpointId: "orders", name: "Renamed" });
  await call(updateWorkspace, { name: "Acme" });
  return made;
};

scenarios(listChanges, [
  {
    name: "tells who changed what, from what into what, newest first",
    scopes: ["changes:read", "endpoints:write", "workspace:write"],
    given: some,
    input: {},
    gives: {
      changes: [
        { operation: "update_workspace", recordsTotal: 1 },
        {
          operation: "update_endpoint",
          at: "2026-11-20T12:00:00.000Z",
          actor: { kind: "key", id: "key_test" },
          surface: "system",
          records: [
            {
              kind: "endpoint",
              version: 2,
              before: { value: { name: "orders", slug: "orders" } },
              after: { value: { name: "Renamed", slug: "orders" } },
            },
          ],
          undo: { possible: true, reason: null },
        },
        { operation: "create_endpoint", records: [{ before: null, after: { value: { name: "orders" } } }] },
      ],
      nextCursor: null,
    },
    leaves: {},
  },
  {
    name: "a new workspace has no changes",
    scopes: ["changes:read"],
    input: {},
    gives: { changes: [], nextCursor: null },
    leaves: {},
  },
  {
    name: "by operation, subject, actor and time at once",
    scopes: ["changes:read"],
    given: some,
    input: ({ id }) => ({
      operation: "create_endpoint",
      subject: id,
      actor: "key_test",
      since: "2026-11-20T13:00:00+01:00",
    }),
    gives: { changes: [{ operation: "create_endpoint", undo: { possible: false } }] },
    leaves: {},
  },
  {
    name: "a cursor of another list is refused",
    scopes: "all",
    input: { cursor: "bm8" },
    fails: { kind: "invalid", pointer: "/cursor" },
    leaves: {},
  },
  {
    name: "a moment has a date and an offset",
    scopes: "all",
    input: { since: "yesterday" },
    fails: { kind: "invalid", pointer: "/since" },
    leaves: {},
  },
  {
    name: "a page has at most 50",
    scopes: "all",
    input: { limit: 51 },
    fails: { kind: "invalid", pointer: "/limit" },
    leaves: {},
  },
]);

async function inWorkspace(tried: (call: Call, found: Found) => Promise<void>): Promise<void> {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const call: Call = (it, input) =>
      invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines);
    await tried(call, async (query) => (await call(listChanges, query))["changes"] as readonly Output[]);
  } finally {
    await world.close();
  }
}
type Call = (it: Operation, input: object) => Promise<Output>;
type Found = (query: object) => Promise<readonly Output[]>;

test("each filter leaves out what is not meant", () =>
  inWorkspace(async (call, found) => {
    const { id } = await call(createEndpoint, orders);
    await call(updateEndpoint, { endpointId: id, name: "Renamed" });
    await call(createEndpoint, { ...orders, name: "another" });
    const operations = async (query: object) => (await found(query)).map(({ operation }) => operation);
    assert.deepEqual(await operations({ subject: id }), ["update_endpoint", "create_endpoint"]);
    assert.deepEqual(await operations({ operation: "update_endpoint" }), ["update_endpoint"]);
    assert.equal((await operations({ actor: "key_test" })).length, 3);
    assert.deepEqual(await operations({ actor: "key_other" }), []);
    assert.deepEqual(await operations({ since: "2026-11-20T12:00:00.001Z" }), []);
  }));

test("pages follow each other without gap or repeat, also while more is changed", () =>
  inWorkspace(async (call) => {
    for (const name of ["a", "b", "c"]) await call(createEndpoint, { ...orders, name });
    const first = await call(listChanges, { limit: 2 });
    await call(createEndpoint, { ...orders, name: "d" });
    const second = await call(listChanges, { limit: 2, cursor: first["nextCursor"] });
    const names = [first, second].map(({ changes }) =>
      JSON.stringify(changes)
        .match(/"slug":"(\w)"/g)
        ?.join(),
    );
    assert.deepEqual(names, ['"slug":"c","slug":"b"', '"slug":"a"']);
    assert.equal(second["nextCursor"], null);
  }));

test("secrets are told apart by a few characters of a fingerprint, and what is masked is not there", () =>
  inWorkspace(async (call, found) => {
    const { id, ingestUrl } = await call(createEndpoint, orders);
    const { signingSecret } = await call(rotateSigningSecret, { endpointId: id });
    const { secret: key } = await call(createApiKey, { name: "laptop" });
    const changes = await found({});
    const [created, rotated] = changes as unknown as readonly {
      readonly records: readonly { before: { secrets: object }; after: { secrets: object; value: object } }[];
      readonly undo: object;
    }[];
    assert.ok(rotated?.records[0] && created?.records[0]);
    const { before, after } = rotated.records[0];
    for (const secrets of [before.secrets, after.secrets])
      assert.match(JSON.stringify(secrets), /^\{"delivery":"[0-9a-f]{8}"\}$/);
    assert.notDeepEqual(before.secrets, after.secrets);
    assert.deepEqual(rotated.undo, {
      possible: false,
      reason: "rotate_signing_secret cannot be undone: the secret was shown.",
    });
    assert.equal("hash" in created.records[0].after.value, false);
    const told = JSON.stringify(changes);
    for (const text of [String(signingSecret), String(key), String(ingestUrl).split("-").at(-1) ?? ""])
      assert.ok(text.length > 20 && !told.includes(text), text);
    assert.ok(!told.includes('"token"'));
  }));

test("what cannot be undone says why", () =>
  inWorkspace(async (call, found) => {
    await call(createEndpoint, orders);
    await call(updateEndpoint, { endpointId: "orders", name: "Renamed" });
    await call(deleteEndpoint, { endpointId: "orders" });
    const changes = await found({});
    const reasons = changes.map(({ undo }) => (undo as { reason: string | null }).reason);
    const by = `delete_endpoint (${String(changes[0]?.["changeId"])})`;
    assert.match(
      String(reasons[1]),
      new RegExp(`was changed since by ${RegExp.escape(by)}.*at version 3, not 2`),
    );
    assert.match(String(reasons[2]), /at version 3, not 1/);
    assert.equal(reasons[0], null);
  }));

test("a credential for a part of the workspace is refused", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const principal = { ...principalOf(workspace, "all"), confines: { environment: "production" } };
    await assert.rejects(invoke(listChanges, {}, callerOf(principal), world.engines), { kind: "forbidden" });
  } finally {
    await world.close();
  }
});
