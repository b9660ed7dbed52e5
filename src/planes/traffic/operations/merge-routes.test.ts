import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Place, type Scenario } from "../../../../test/scenario.ts";
import { articles, seenApi } from "../../../../test/seen-api.ts";
import { callerOf, openWorld, principalOf, type World } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import type { Operation } from "../../../registry/operation.ts";
import { undoChange } from "../../account/operations/undo-change.ts";
import { listChanges } from "../../account/operations/list-changes.ts";
import { listRoutes } from "./list-routes.ts";
import { mergeRoutes } from "./merge-routes.ts";
import { splitRoute } from "./split-route.ts";

async function few(_call: unknown, place: Place): Promise<Output> {
  await seenApi(place, articles(3));
  return {};
}

const changed = { "route-template": 1, history: 1, audit: 1 };

function refused(name: string, input: Output, pointer: string): Scenario {
  return { name, scopes: "all", given: few, input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(mergeRoutes, [
  {
    name: "makes one route of what is below",
    scopes: ["traffic_rules:write"],
    given: few,
    input: { template: "/articles/{article}" },
    gives: { bucket: "default", template: "/articles/{article}", state: "merged", apart: [], version: 1 },
    leaves: changed,
  },
  {
    name: "takes back that it was split",
    scopes: ["traffic_rules:write"],
    given: (call) => call(splitRoute, { template: "/articles/{slug}" }),
    input: { template: "/articles/{article}" },
    gives: { template: "/articles/{article}", state: "merged", version: 2 },
    leaves: changed,
  },
  refused("a template that ends with a name", { template: "/articles" }, "/template"),
  refused("a template that is no path", { template: "articles/{slug}" }, "/template"),
  refused("a parameter that is called like a kind", { template: "/articles/{number}" }, "/template"),
  refused("a template below one that is none", { template: "/shops/{shop}/{item}" }, "/template"),
  refused("a bucket that is not there", { template: "/articles/{slug}", bucket: "nowhere" }, "/bucket"),
]);

dryRunLeavesNothing(mergeRoutes, { input: { template: "/articles/{slug}" } });

async function inWorld(use: (world: World, place: Place, call: Call) => Promise<void>): Promise<void> {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    await use(world, { ...world, workspace }, (it, input) =>
      invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines),
    );
  } finally {
    await world.close();
  }
}

type Call = (it: Operation, input: object) => Promise<Output>;

async function templates(call: Call): Promise<readonly string[]> {
  const { routes } = await call(listRoutes, {});
  return (routes as readonly { untrusted: { template: string } }[]).map((it) => it.untrusted.template);
}

test("routes are merged at once, and what comes later is part of them", () =>
  inWorld(async (_, place, call) => {
    await few(undefined, place);
    await call(mergeRoutes, { template: "/articles/{article}" });
    assert.deepEqual(await templates(call), ["/articles/{article}"]);
    await seenApi(place, articles(5));
    assert.deepEqual(await templates(call), ["/articles/{article}"]);
  }));

test("undone before anything was seen, the routes are as they were", () =>
  inWorld(async (_, place, call) => {
    await few(undefined, place);
    await call(mergeRoutes, { template: "/articles/{article}" });
    const { changes } = await call(listChanges, { limit: 1 });
    await call(undoChange, { changeId: (changes as readonly { changeId: string }[])[0]?.changeId });
    assert.equal((await templates(call)).length, 3);
  }));
