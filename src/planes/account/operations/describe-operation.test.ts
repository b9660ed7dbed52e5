import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke } from "../../../registry/invoke.ts";
import { describeOperation } from "./describe-operation.ts";

scenarios(describeOperation, [
  {
    name: "tells what a list of tools leaves out",
    scopes: ["workspace:read"],
    input: { operation: "create_endpoint" },
    gives: {
      plane: "webhooks",
      effect: "change",
      scope: "endpoints:write",
      undo: null,
      input: { properties: { verification: { properties: { scheme: {}, eventType: {} } } } },
    },
    leaves: {},
  },
  {
    name: "tells why something cannot be undone",
    scopes: "all",
    input: { operation: "create_api_key" },
    gives: { reach: "people", undo: "the key was shown" },
    leaves: {},
  },
  {
    name: "an unknown one is not found",
    scopes: "all",
    input: { operation: "create_endpoints" },
    fails: { kind: "not_found", pointer: "/operation" },
    leaves: {},
  },
]);

test("every operation can be described", async () => {
  const world = await openWorld();
  try {
    const caller = callerOf(principalOf(await world.newWorkspace(), "all"));
    for (const operation of world.engines.catalogue.operations.keys()) {
      const { input } = await invoke(describeOperation, { operation }, caller, world.engines);
      assert.equal((input as { type?: string }).type, "object", operation);
    }
  } finally {
    await world.close();
  }
});
