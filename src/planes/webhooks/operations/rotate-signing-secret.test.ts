import assert from "node:assert/strict";
import { test } from "node:test";
import { missingEndpoint } from "../../../../test/missing-endpoint.ts";
import { openRunningWorld } from "../../../../test/running-world.ts";
import { dryRunLeavesNothing, scenarios, type Prepare } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { rotateSigningSecret } from "./rotate-signing-secret.ts";

const anEndpoint = (call: Prepare): Promise<Output> =>
  call(createEndpoint, { name: "orders", targetUrl: "https://api.example.com/hooks" });

scenarios(rotateSigningSecret, [
  {
    name: "answers the new secret",
    scopes: ["endpoints:write"],
    given: anEndpoint,
    input: ({ id }) => ({ endpointId: id }),
    gives: { slug: "orders" },
    leaves: { audit: 1, endpoint: 1, history: 1 },
  },
  {
    name: "another version than the one that was read is a conflict",
    scopes: "all",
    given: anEndpoint,
    input: { endpointId: "orders", expectedVersion: 2 },
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  ...missingEndpoint(),
]);

dryRunLeavesNothing(rotateSigningSecret, { given: anEndpoint, input: { endpointId: "orders" } });

test("the secret is shown once and is nowhere in what is stored or logged", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const orders = await world.endpointIn(workspace);
    const first = await world.call(workspace, rotateSigningSecret, { endpointId: orders.id });
    const second = await world.call(workspace, rotateSigningSecret, { endpointId: orders.id });
    assert.match(String(second["signingSecret"]), /^whsec_[0-9A-Za-z+/]{43}=$/);
    assert.notEqual(second["signingSecret"], first["signingSecret"]);

    const { id } = await world.arrive(orders);
    await world.endingOf(workspace, id);
    for (const { signingSecret } of [first, second]) {
      const text = String(signingSecret).slice("whsec_".length);
      assert.ok(!world.dump().includes(text));
      assert.ok(!world.log.join("\n").includes(text));
    }
  } finally {
    await world.close();
  }
});
