import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bringIn } from "../../../../test/captured.ts";
import { dryRunLeavesNothing, scenarios, type Place, type Prepare } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { searchRequests } from "../operations/search-requests.ts";
import { allRuleOperations } from "./rules.ts";

function named(name: string): Operation {
  const it = allRuleOperations.find((operation) => operation.name === name);
  assert.ok(it, `there is no ${name}`);
  return it;
}

const health = { name: "health checks", selection: { path: "/health/*" } };
const coupons = { name: "coupons", category: "coupon", match: { field: "coupon" } };

async function traffic(_call: Prepare, place: Place): Promise<Output> {
  await bringIn(place, [
    { target: "/health/live", route: null, agoMs: 2_000 },
    { target: "/health/ready?x=1", route: null },
    {
      method: "POST",
      request: { headers: [["content-type", "application/json"]], text: '{"coupon":"SUMMER"}' },
    },
    { status: 500 },
  ]);
  return {};
}

async function withRegions(_call: Prepare, place: Place): Promise<Output> {
  const europe = { headers: [["X-Region", "europe"]] } as const;
  await bringIn(place, [
    { request: europe },
    { request: { headers: [["X-Region", "other"]] } },
    { request: { headers: [["Accept", "*/*"]] }, response: europe },
  ]);
  return {};
}

scenarios(named("create_exclusion"), [
  {
    name: "is in force for all environments unless one is named",
    scopes: ["traffic_rules:write"],
    input: health,
    gives: { name: "health checks", environment: null, selection: { path: "/health/*" }, version: 1 },
    leaves: { exclusion: 1, history: 1, audit: 1 },
  },
  {
    name: "a dry run says what it would have matched, and shows some of it",
    scopes: ["traffic_rules:write"],
    given: traffic,
    input: { ...health, dryRun: true },
    gives: {
      wouldMatch: {
        matched: 2,
        of: 4,
        whole: true,
        examples: [{ untrusted: { path: "/health/ready?x=1" } }, {}],
      },
    },
    leaves: {},
  },
  {
    name: "one that selects nothing in particular is refused",
    scopes: "all",
    input: { name: "all", selection: {} },
    fails: { kind: "invalid", pointer: "/selection" },
    leaves: {},
  },
  {
    name: "an address that is none",
    scopes: "all",
    input: { name: "x", selection: { ip: "300.1.1.1" } },
    fails: { kind: "invalid", pointer: "/selection/ip" },
    leaves: {},
  },
  {
    name: "an environment that is not there",
    scopes: "all",
    input: { ...health, environment: "nowhere" },
    fails: { kind: "invalid", pointer: "/environment" },
    leaves: {},
  },
  {
    name: "a name that is taken",
    scopes: "all",
    given: (call) => call(named("create_exclusion"), health),
    input: health,
    fails: { kind: "conflict", pointer: "/name" },
    leaves: {},
  },
]);

scenarios(named("create_redaction"), [
  {
    name: "a dry run looks into headers and bodies",
    scopes: ["traffic_rules:write"],
    given: traffic,
    input: { ...coupons, dryRun: true },
    gives: { wouldMatch: { matched: 1, of: 4, examples: [{ method: "POST" }] } },
    leaves: {},
  },
  {
    name: "a pattern that is none of those that take linear time",
    scopes: "all",
    input: { name: "x", category: "x", match: { pattern: String.raw`(a)\1` } },
    fails: { kind: "invalid", pointer: "/match/pattern" },
    leaves: {},
  },
  {
    name: "a detector that there is not",
    scopes: "all",
    input: { name: "x", category: "x", match: { detector: "moods" } },
    fails: { kind: "invalid" },
    leaves: {},
  },
]);

scenarios(named("list_redactions"), [
  {
    name: "tells what is built in beside one's own",
    scopes: ["traffic:read"],
    given: (call) => call(named("create_redaction"), coupons),
    input: {},
    gives: {
      redactions: [{ name: "coupons" }],
      defaults: { private_key: 1 },
      nextCursor: null,
    },
    leaves: {},
  },
]);

scenarios(named("create_block"), [
  {
    name: "what is blocked has no status yet",
    scopes: "all",
    input: { name: "x", selection: { statuses: ["404"] } },
    fails: { kind: "invalid", pointer: "/selection/statuses" },
    leaves: {},
  },
]);

scenarios(named("update_sampling"), [
  {
    name: "changes what is given, and leaves the rest",
    scopes: ["traffic_rules:write"],
    given: (call) =>
      call(named("create_sampling"), { name: "reads", selection: { methods: ["GET"] }, rate: 0.5 }),
    input: ({ id }) => ({ samplingId: id, rate: 0.1 }),
    gives: { name: "reads", rate: 0.1, keepErrors: true, selection: { methods: ["GET"] }, version: 2 },
    leaves: { sampling: 1, history: 1, audit: 1 },
  },
  {
    name: "nothing to change",
    scopes: "all",
    given: (call) =>
      call(named("create_sampling"), { name: "reads", selection: { methods: ["GET"] }, rate: 0.5 }),
    input: ({ id }) => ({ samplingId: id }),
    fails: { kind: "invalid", pointer: "" },
    leaves: {},
  },
  {
    name: "one that somebody changed meanwhile",
    scopes: "all",
    given: (call) =>
      call(named("create_sampling"), { name: "reads", selection: { methods: ["GET"] }, rate: 0.5 }),
    input: ({ id }) => ({ samplingId: id, rate: 1, expectedVersion: 7 }),
    fails: { kind: "conflict", pointer: "/expectedVersion" },
    leaves: {},
  },
  {
    name: "one that is not there",
    scopes: "all",
    input: { samplingId: "smp_none", rate: 1 },
    fails: { kind: "not_found", pointer: "/samplingId" },
    leaves: {},
  },
]);

for (const [create, rest] of [
  ["create_exclusion", {}],
  ["create_sampling", { rate: 0.5 }],
  ["create_block", {}],
] as const)
  scenarios(named(create), [
    {
      name: "a dry run looks into the headers of requests for one that is asked for",
      scopes: ["traffic_rules:write"],
      given: withRegions,
      input: { name: "regions", selection: { header: { name: "x-region" } }, ...rest, dryRun: true },
      gives: { wouldMatch: { matched: 2, of: 3, whole: true } },
      leaves: {},
    },
    {
      name: "and for its value",
      scopes: ["traffic_rules:write"],
      given: withRegions,
      input: {
        name: "europe",
        selection: { header: { name: "x-region", value: "eu*" } },
        ...rest,
        dryRun: true,
      },
      gives: { wouldMatch: { matched: 1, of: 3 } },
      leaves: {},
    },
  ]);

for (const [create, input] of [
  ["create_redaction", coupons],
  ["create_exclusion", health],
  ["create_sampling", { name: "reads", selection: { methods: ["GET"] }, rate: 0.5 }],
  ["create_block", { name: "bots", selection: { userAgent: "*Bot*" } }],
] as const) {
  const noun = create.replace("create_", "");
  dryRunLeavesNothing(named(create), { input });
  dryRunLeavesNothing(named(`update_${noun}`), {
    given: (call) => call(named(create), input),
    input: ({ id }) => ({ [`${noun}Id`]: id, name: "another name" }),
  });
  dryRunLeavesNothing(named(`delete_${noun}`), {
    given: (call) => call(named(create), input),
    input: ({ id }) => ({ [`${noun}Id`]: id }),
  });
}

describe("rules in force", () => {
  test("what is excluded is counted and not recorded; what is sampled stands for the rest; both only where they are in force", async () => {
    const world = await openWorld();
    try {
      const workspace = await world.newWorkspace();
      const place = { engines: world.engines, workspace };
      const caller = callerOf(principalOf(workspace, "all"));
      const call = (it: Operation, input: object) => invoke(it, input, caller, world.engines);
      await call(named("create_exclusion"), { ...health, environment: "production" });
      await call(named("create_sampling"), { name: "reads", selection: { methods: ["GET"] }, rate: 0.25 });
      const excluded = await bringIn(place, [{ target: "/health/live", method: "POST" }, { method: "POST" }]);
      assert.deepEqual([excluded.accepted, excluded.leftOut], [1, 1]);
      const elsewhere = await bringIn(place, [{ target: "/health/live", method: "POST" }], {
        environment: "staging",
      });
      assert.equal(elsewhere.accepted, 1);
      const many = Array.from({ length: 400 }, () => ({ status: 200 }));
      const sampled = await bringIn(place, [...many, { status: 503 }]);
      assert.ok(sampled.accepted > 50 && sampled.accepted < 160, `${sampled.accepted} of 401`);
      const { requests } = await call(searchRequests, { status: "200", method: "GET", limit: 1 });
      assert.partialDeepStrictEqual(requests, [{ weight: 4 }]);
      const faults = await call(searchRequests, { status: "503" });
      assert.partialDeepStrictEqual(faults["requests"], [{ weight: 1 }]);
    } finally {
      await world.close();
    }
  });

  test("a redaction is in force for the next record, and the same value becomes the same token", async () => {
    const world = await openWorld();
    try {
      const workspace = await world.newWorkspace();
      const place = { engines: world.engines, workspace };
      const caller = callerOf(principalOf(workspace, "all"));
      await invoke(named("create_redaction"), coupons, caller, world.engines);
      const json = { headers: [["content-type", "application/json"]] as const };
      const { ids } = await bringIn(place, [
        { request: { ...json, text: '{"coupon":"CANARY-SUMMER","n":1}' } },
        { request: { ...json, text: '{"n":2,"deep":[{"coupon":"CANARY-SUMMER"}]}' } },
      ]);
      const tokens = await Promise.all(
        ids.map(async (id) => {
          const exchange = await world.engines.ledger.get(workspace, { id });
          const text = new TextDecoder().decode(exchange?.request.body?.bytes);
          return /REDACTED-coupon-[0-9a-f]{12}/.exec(text)?.[0];
        }),
      );
      assert.ok(tokens[0]);
      assert.equal(tokens[0], tokens[1]);
      assert.ok(!world.dump().includes("CANARY-SUMMER"));
    } finally {
      await world.close();
    }
  });
});
