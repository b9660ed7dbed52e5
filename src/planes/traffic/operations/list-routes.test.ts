import assert from "node:assert/strict";
import { test } from "node:test";
import { scenarios, type Place, type Scenario } from "../../../../test/scenario.ts";
import { articles, seenApi } from "../../../../test/seen-api.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { listRoutes } from "./list-routes.ts";

async function given(_call: unknown, place: Place): Promise<Output> {
  await seenApi(place, [
    ...articles(12),
    { method: "POST", target: "/users", status: 201, response: { id: 1 }, userAgent: "Till/2.1" },
    { method: "POST", target: "/users", status: 500, response: { error: "x" } },
    { target: "/users/7", route: "/users/:id", response: { id: 7 } },
    { target: "/wp-admin", status: 404 },
  ]);
  await seenApi(place, [{ target: "/elsewhere" }], { environment: "staging" });
  await seenApi(place, [{ target: "/till" }], { bucket: "shop" });
  return {};
}

function refused(name: string, input: Output, pointer: string): Scenario {
  return { name, scopes: "all", given, input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(listRoutes, [
  {
    name: "shows routes with figures, and all that came from outside as untrusted",
    scopes: ["traffic:read"],
    given,
    input: {},
    gives: {
      environment: "production",
      bucket: "default",
      routes: [
        {
          from: "learned",
          firstSeen: "2026-11-20T11:59:59.000Z",
          lastSeen: "2026-11-20T11:59:59.000Z",
          requests: 12,
          errors: 0,
          errorRate: 0,
          statuses: ["200"],
          untrusted: { method: "GET", template: "/articles/{slug}", clients: ["Shop/1"] },
        },
        {
          from: "typed",
          requests: 2,
          errors: 1,
          errorRate: 0.5,
          statuses: ["201", "500"],
          untrusted: { method: "POST", template: "/users", clients: ["Till/2", "Shop/1"] },
        },
        { from: "framework", requests: 1, untrusted: { template: "/users/:id" } },
      ],
      others: { requests: 1, errors: 1 },
      nextCursor: null,
    },
    leaves: {},
  },
  {
    name: "of another environment or bucket",
    scopes: ["traffic:read"],
    given,
    input: { bucket: "shop" },
    gives: { bucket: "shop", routes: [{ untrusted: { template: "/till" } }], nextCursor: null },
    leaves: {},
  },
  {
    name: "those that a path is meant by",
    scopes: ["traffic:read"],
    given,
    input: { path: "/users/9" },
    gives: { routes: [{ untrusted: { template: "/users/:id" } }], nextCursor: null },
    leaves: {},
  },
  {
    name: "a bucket without traffic has none",
    scopes: ["traffic:read"],
    input: { environment: "development" },
    gives: { routes: [], others: { requests: 0, errors: 0 }, nextCursor: null },
    leaves: {},
  },
  refused("a bucket that is not there", { bucket: "nowhere" }, "/bucket"),
  refused("an environment that is not there", { environment: "nowhere" }, "/environment"),
  refused("a cursor of another list", { cursor: "newer" }, "/cursor"),
  refused("a page of more than 100", { limit: 101 }, "/limit"),
]);

test("the 95th percentile of a route that was counted under many paths is that of all of them", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    await given(undefined, { ...world, workspace });
    const page = await invoke(
      listRoutes,
      { limit: 1 },
      callerOf(principalOf(workspace, "all")),
      world.engines,
    );
    const [first] = page["routes"] as readonly { readonly p95Ms: number }[];
    assert.ok(Math.abs(Number(first?.p95Ms) - 12.5) < 0.2);
  } finally {
    await world.close();
  }
});

test("pages follow each other without a gap", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    await given(undefined, { ...world, workspace });
    const caller = callerOf(principalOf(workspace, "all"));
    const templates: unknown[] = [];
    let cursor: unknown;
    do {
      const input = { limit: 1, ...(cursor !== undefined && { cursor }) };
      const page = await invoke(listRoutes, input, caller, world.engines);
      templates.push(
        ...(page["routes"] as readonly { untrusted: { template: string } }[]).map(
          (it) => it.untrusted.template,
        ),
      );
      cursor = page["nextCursor"] ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(templates, ["/articles/{slug}", "/users", "/users/:id"]);
  } finally {
    await world.close();
  }
});

test("a credential sees the routes of its own environment and buckets alone", async () => {
  const world = await openWorld();
  try {
    const workspace = await world.newWorkspace();
    await given(undefined, { ...world, workspace });
    const asConfined = (confines: object, input: object) =>
      invoke(listRoutes, input, callerOf({ ...principalOf(workspace, "all"), confines }), world.engines);
    const staging = await asConfined({ environment: "staging" }, {});
    assert.partialDeepStrictEqual(staging, {
      environment: "staging",
      routes: [{ untrusted: { template: "/elsewhere" } }],
    });
    const shop = await asConfined({ buckets: ["shop"] }, {});
    assert.partialDeepStrictEqual(shop, { bucket: "shop", routes: [{ untrusted: { template: "/till" } }] });
    await assert.rejects(asConfined({ environment: "staging" }, { environment: "production" }), {
      kind: "forbidden",
    });
    await assert.rejects(asConfined({ buckets: ["shop"] }, { bucket: "default" }), { kind: "invalid" });
    await assert.rejects(asConfined({ buckets: ["gone"] }, {}), { kind: "invalid" });
  } finally {
    await world.close();
  }
});

test("another workspace's routes are not there", async () => {
  const world = await openWorld();
  try {
    await given(undefined, { ...world, workspace: await world.newWorkspace() });
    const stranger = await world.newWorkspace();
    const page = await invoke(listRoutes, {}, callerOf(principalOf(stranger, "all")), world.engines);
    assert.deepEqual(page["routes"], []);
  } finally {
    await world.close();
  }
});
