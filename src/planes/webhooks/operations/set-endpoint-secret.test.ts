import assert from "node:assert/strict";
import { test } from "node:test";
import { missingEndpoint } from "../../../../test/missing-endpoint.ts";
import { dryRunLeavesNothing, scenarios, type Prepare, type Scenario } from "../../../../test/scenario.ts";
import { surfaces, type SurfaceName } from "../../../../test/surface-calls.ts";
import { openWorld, principalOf } from "../../../../test/world.ts";
import { surfacesOf } from "../../../../test/running-world.ts";
import type { Output } from "../../../registry/invoke.ts";
import { createEndpoint } from "./create-endpoint.ts";
import { getEndpoint } from "./get-endpoint.ts";
import { setEndpointSecret } from "./set-endpoint-secret.ts";
import { updateEndpoint } from "./update-endpoint.ts";

const targetUrl = "https://api.example.com/hooks";
const secret = "whsec_fakefakefakefakefakefake";
const changed = { audit: 1, endpoint: 1, history: 1 };

const endpointOf =
  (provider?: string) =>
  (call: Prepare): Promise<Output> =>
    call(createEndpoint, { name: "shop", targetUrl, ...(provider !== undefined && { provider }) });

function refused(name: string, input: Output, pointer: string): Scenario {
  return {
    name,
    scopes: "all",
    given: endpointOf("svix"),
    input: { endpointId: "shop", secret, ...input },
    fails: { kind: "invalid", pointer },
    leaves: {},
  };
}

scenarios(setEndpointSecret, [
  {
    name: "stores it, and verification is on",
    scopes: ["endpoints:write"],
    given: endpointOf("stripe"),
    input: ({ id }) => ({ endpointId: id, secret }),
    gives: { slug: "shop", verification: "on", version: 2 },
    leaves: changed,
  },
  {
    name: "the line end that a file has is no part of it",
    scopes: "all",
    given: endpointOf("svix"),
    input: { endpointId: "shop", secret: "whsec_ZmFrZWZha2VmYWtlZmFrZQ==\n" },
    gives: { verification: "on" },
    leaves: changed,
  },
  {
    name: "Meta's verify token is another secret, and turns nothing on",
    scopes: "all",
    given: endpointOf("meta"),
    input: { endpointId: "shop", secret: "fake-verify-token", use: "verify_token" },
    gives: { verification: "waiting for secret" },
    leaves: changed,
  },
  {
    name: "another version than the one that was read is a conflict",
    scopes: "all",
    given: endpointOf("stripe"),
    input: { endpointId: "shop", secret, expectedVersion: 2 },
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  ...missingEndpoint({ secret }),
  { ...refused("without a provider nothing is verified", {}, "/endpointId"), given: endpointOf() },
  refused("a secret of another form is refused", { secret: "not base64!" }, "/secret"),
  refused("a secret is not empty", { secret: "" }, "/secret"),
  refused("a secret has no spaces around it", { secret: ` ${secret}` }, "/secret"),
  refused("a secret has at most 4,096 characters", { secret: "a".repeat(4_097) }, "/secret"),
  refused("it is for verification or a verify token", { use: "decoration" }, "/use"),
  refused("a provider without a verify token takes none", { use: "verify_token" }, "/use"),
]);

dryRunLeavesNothing(setEndpointSecret, {
  given: endpointOf("stripe"),
  input: { endpointId: "shop", secret },
});

test("neither what is answered nor what is stored or logged has a secret in it, whether it was taken or refused", async () => {
  const world = await openWorld();
  try {
    const answers: unknown[] = [];
    const ask = async (
      surface: SurfaceName,
      workspace: string,
      it: typeof setEndpointSecret | typeof getEndpoint | typeof updateEndpoint | typeof createEndpoint,
      input: Output,
    ) => {
      const reach = { it, engines: world.engines, principal: principalOf(workspace, "all") };
      const outcome = await surfaces[surface](reach, input);
      answers.push(outcome);
      return "gives" in outcome;
    };
    for (const surface of surfacesOf(setEndpointSecret)) {
      const workspace = await world.newWorkspace();
      await ask(surface, workspace, createEndpoint, { name: "shop", targetUrl, provider: "meta" });
      for (const [text, rest, taken] of [
        ["first-fake-secret", {}, true],
        ["second-fake-secret", {}, true],
        ["third-fake-secret", { dropPrevious: true }, true],
        ["token-fake-secret", { use: "verify_token" }, true],
        [" refused-fake-secret ", {}, false],
        ["unplaced-fake-secret", { use: "nowhere" }, false],
      ] as const)
        assert.equal(
          await ask(surface, workspace, setEndpointSecret, { endpointId: "shop", secret: text, ...rest }),
          taken,
        );
      await ask(surface, workspace, updateEndpoint, { endpointId: "shop", name: "market" });
      await ask(surface, workspace, getEndpoint, { endpointId: "shop" });
    }
    assert.doesNotMatch(JSON.stringify(answers), /fake-secret/);
    assert.doesNotMatch(world.dump(), /fake-secret/);
    assert.doesNotMatch(world.log.join("\n"), /fake-secret/);
    assert.match(world.dump(), /"secret":"\[secret\]"/);
  } finally {
    await world.close();
  }
});
