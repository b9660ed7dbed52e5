import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import { openRunningWorld, runningScenarios, type RunningWorld } from "../../../../test/running-world.ts";
import type { Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { allRuleOperations } from "../rules/rules.ts";
import { applyRedactions } from "./apply-redactions.ts";
import { searchRequests } from "./search-requests.ts";

const json = { headers: [["content-type", "application/json"]] as const };

const createRedaction = named("create_redaction");

function named(name: string): Operation {
  const it = allRuleOperations.find((operation) => operation.name === name);
  assert.ok(it, `there is no ${name}`);
  return it;
}

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
  await world.call(workspace, createRedaction, {
    name: "coupons",
    category: "coupon",
    match: { field: "coupon" },
  });
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

  test("what a dry run says of a rule is what it does to what is stored, and no answer has it any more", async () => {
    const workspace = await world.newWorkspace();
    const place = { engines: world.engines, workspace };
    const word = "zebra-code";
    const everywhere = {
      target: `/promo/${word}?c=${word}`,
      host: `${word}.example.com`,
      ip: word,
      status: 500,
      error: { type: word, message: `no ${word}` },
      request: { headers: [["User-Agent", `${word}/1`]], text: word },
      response: { headers: [["X-Note", word]], text: word },
    } as const;
    const alone = { target: "/plain", ip: null, error: null } as const;
    await bringIn(place, [
      ...Array.from({ length: 3 }, () => everywhere),
      { ...alone, target: everywhere.target },
      { ...alone, host: everywhere.host },
      { ...alone, error: { type: word, message: "" } },
      { ...alone, error: { type: "Error", message: everywhere.error.message } },
      { ...alone, ip: word },
      { ...alone, request: everywhere.request },
      { ...alone, response: everywhere.response },
      alone,
    ]);
    const rule = { name: "animals", category: "animal", match: { pattern: "zebra-[a-z]+" } };
    const { wouldMatch } = await world.call(workspace, createRedaction, { ...rule, dryRun: true });
    assert.partialDeepStrictEqual(wouldMatch, { matched: 10, of: 11, whole: true });
    const found = await world.call(workspace, searchRequests, {});
    assert.ok(JSON.stringify(found).includes(word));
    await world.call(workspace, createRedaction, rule);
    const applied = await world.call(workspace, applyRedactions, {});
    assert.partialDeepStrictEqual(applied, { state: "done", examined: 11, changed: 10 });
    const { requests } = await world.call(workspace, searchRequests, {});
    assert.ok(Array.isArray(requests));
    assert.equal(requests.length, 11);
    assert.ok(!JSON.stringify(requests).includes(word), JSON.stringify(requests));
    assert.match(JSON.stringify(requests), /REDACTED-animal-[0-9a-f]{12}\.example\.com/);
    const { rows } = await world.engines.ledger.find({ workspace, where: {}, limit: 100, content: true });
    const contents = rows.map(({ request, response, ...row }) => [
      row,
      ...[request, response].map((it) => [it?.headers, Buffer.from(it?.body?.bytes ?? []).toString()]),
    ]);
    assert.ok(!JSON.stringify(contents).includes(word));
    const again = await world.call(workspace, applyRedactions, {});
    assert.partialDeepStrictEqual(again, { state: "done", examined: 11, changed: 0 });
  });
});
