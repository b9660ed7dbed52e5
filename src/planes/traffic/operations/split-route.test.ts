import assert from "node:assert/strict";
import { test } from "node:test";
import { dryRunLeavesNothing, scenarios, type Place, type Scenario } from "../../../../test/scenario.ts";
import { articles, seenApi } from "../../../../test/seen-api.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { listRoutes } from "./list-routes.ts";
import { mergeRoutes } from "./merge-routes.ts";
import { splitRoute } from "./split-route.ts";

async function many(_call: unknown, place: Place): Promise<Output> {
  await seenApi(place, articles(12));
  return {};
}

const template = "/articles/{slug}";
const changed = { "route-template": 1, history: 1, audit: 1 };

function refused(name: string, input: Output, pointer: string): Scenario {
  return { name, scopes: "all", given: many, input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(splitRoute, [
  {
    name: "keeps some names apart from a template that was learned",
    scopes: ["traffic_rules:write"],
    given: many,
    input: { template, names: ["search"] },
    gives: { template, state: "learned", apart: ["search"], version: 2 },
    leaves: changed,
  },
  {
    name: "keeps all names apart",
    scopes: ["traffic_rules:write"],
    given: many,
    input: { template },
    gives: { template, state: "split", apart: [], version: 2 },
    leaves: changed,
  },
  {
    name: "adds to the names that are apart",
    scopes: ["traffic_rules:write"],
    given: async (call) => {
      await call(mergeRoutes, { template });
      return call(splitRoute, { template, names: ["search"] });
    },
    input: { template, names: ["top", "search"] },
    gives: { state: "merged", apart: ["search", "top"] },
    leaves: changed,
  },
  refused("names of what is no template", { template: "/users/{slug}", names: ["me"] }, "/names"),
  refused("a name with a slash", { template, names: ["a/b"] }, "/names/0"),
  refused("a kind of segments", { template: "/users/{uuid}" }, "/template"),
]);

dryRunLeavesNothing(splitRoute, { input: { template } });

test("what was split is not learned again, however much is seen of it", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    const place = { ...world, workspace };
    const call = (it: Parameters<typeof invoke>[0], input: object) =>
      invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines);
    const templates = async () =>
      ((await call(listRoutes, {}))["routes"] as readonly { untrusted: { template: string } }[]).map(
        (it) => it.untrusted.template,
      );
    await many(undefined, place);
    assert.deepEqual(await templates(), [template]);
    await call(splitRoute, { template, names: ["a-thing"] });
    await seenApi(place, articles(12));
    assert.deepEqual(await templates(), ["/articles/a-thing", template]);
    await call(splitRoute, { template });
    assert.deepEqual(await templates(), ["/articles/a-thing"], "which is of which is not known any more");
    await seenApi(place, articles(12));
    await seenApi(place, articles(12));
    assert.equal((await templates()).length, 12);
  } finally {
    await world.close();
  }
});
