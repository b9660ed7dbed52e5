import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import { openRunningWorld, runningScenarios, type RunningWorld } from "../../../../test/running-world.ts";
import type { Output } from "../../../registry/invoke.ts";
import { allRuleOperations } from "../rules/rules.ts";
import { applyRedactions } from "./apply-redactions.ts";

const json = { headers: [["content-type", "application/json"]] as const };

async function stored(world: RunningWorld, workspace: string): Promise<Output> {
  const place = { engines: world.engines, workspace };
  await bringIn(place, [
    { request: { ...json, text: '{"coupon":"CANARY-SUMMER"}' } },
    {
      request: { ...json, text: '{"sku":"lamp"}' },
      response: { ...json, text: '{"coupon":"CANARY-SUMMER"}' },
    },
    { request: { ...json, text: '{"sku":"lamp"}' } },
  ]);
  await bringIn(place, [{ request: { ...json, text: '{"coupon":"CANARY-STAGED"}' } }], {
    environment: "staging",
  });
  const create = allRuleOperations.find(({ name }) => name === "create_redaction");
  assert.ok(create);
  await world.call(workspace, create, { name: "coupons", category: "coupon", match: { field: "coupon" } });
  return {};
}

runningScenarios(applyRedactions, [
  {
    name: "a run that is not known",
    scopes: "all",
    input: { runId: "rrn_none" },
    fails: { kind: "not_found", pointer: "/runId" },
    leaves: {},
  },
  {
    name: "an environment that is not there",
    scopes: "all",
    input: { environment: "nowhere" },
    fails: { kind: "invalid", pointer: "/environment" },
    leaves: {},
  },
  {
    name: "a dry run begins nothing",
    scopes: ["traffic_rules:write"],
    given: stored,
    input: { dryRun: true },
    gives: { runId: null, state: "planned", examined: 0 },
    leaves: {},
  },
]);

describe("apply_redactions", () => {
  let world: RunningWorld;
  before(async () => {
    world = await openRunningWorld();
  });
  after(() => world.close());

  test("what was stored before a rule was is redacted, and overwritten where it is stored", async () => {
    const workspace = await world.newWorkspace();
    await stored(world, workspace);
    assert.ok(world.dump().includes("CANARY-SUMMER"));
    const staged = await world.call(workspace, applyRedactions, { environment: "staging" });
    assert.partialDeepStrictEqual(staged, { state: "done", examined: 1, changed: 1 });
    assert.ok(!world.dump().includes("CANARY-STAGED"));
    const all = await world.call(workspace, applyRedactions, {});
    assert.partialDeepStrictEqual(all, { state: "done", examined: 4, changed: 2 });
    while ((await world.engines.ledger.seal(1_000)) > 0);
    assert.ok(!world.dump().includes("CANARY-SUMMER"));
    const again = await world.call(workspace, applyRedactions, {});
    assert.partialDeepStrictEqual(again, { state: "done", examined: 4, changed: 0 });
    const told = await world.call(workspace, applyRedactions, { runId: all["runId"] });
    assert.partialDeepStrictEqual(told, { runId: all["runId"], examined: 4, changed: 2 });
  });
});
