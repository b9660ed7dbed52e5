import assert from "node:assert/strict";
import { test } from "node:test";
import { openRunningWorld, runningScenarios } from "../../../../test/running-world.ts";
import { callerOf, principalOf } from "../../../../test/world.ts";
import { cursorOf, pageBytesMax } from "../../../kernel/page.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { deleteEndpoint } from "./delete-endpoint.ts";
import { listEndpoints } from "./list-endpoints.ts";

function refused(name: string, input: Output, pointer: string) {
  return { name, scopes: "all", input, fails: { kind: "invalid", pointer }, leaves: {} } as const;
}

runningScenarios(listEndpoints, [
  {
    name: "a workspace without endpoints has an empty list",
    scopes: ["endpoints:read"],
    input: {},
    gives: { endpoints: [], total: 0, nextCursor: null },
    leaves: {},
  },
  {
    name: "lists an endpoint with its figures",
    scopes: ["endpoints:read"],
    async given(world, workspace) {
      const orders = await world.endpointIn(workspace);
      const { id } = await world.arrive(orders);
      await world.endingOf(workspace, id);
      return orders;
    },
    input: {},
    gives: {
      endpoints: [{ slug: "orders", stats: { received: 1, delivered: 1, pending: 0, successRate: 1 } }],
      total: 1,
      nextCursor: null,
    },
    leaves: {},
  },
  {
    name: "deleted ones are gone",
    scopes: ["endpoints:read"],
    async given(world, workspace) {
      const { id } = await world.endpointIn(workspace);
      return world.call(workspace, deleteEndpoint, { endpointId: id });
    },
    input: {},
    gives: { endpoints: [], total: 0 },
    leaves: {},
  },
  refused("a page has at least one", { limit: 0 }, "/limit"),
  refused("a page has at most 50", { limit: 51 }, "/limit"),
  refused("a limit is whole", { limit: 1.5 }, "/limit"),
  refused("a cursor is one of this list", { cursor: "page2" }, "/cursor"),
  refused(
    "a cursor of another list is none of this one",
    { cursor: cursorOf({ startedAt: 1, id: "ex_0" }) },
    "/cursor",
  ),
  refused("a cursor has at most 500 characters", { cursor: "a".repeat(501) }, "/cursor"),
]);

test("pages follow each other without gap or repeat, newest first, and show nothing of another workspace", async () => {
  const world = await openRunningWorld();
  try {
    const [workspace, other] = [await world.newWorkspace(), await world.newWorkspace()];
    const made: string[] = [];
    for (let n = 0; n < 5; n++) {
      made.unshift((await world.endpointIn(workspace, { name: `number ${n}` })).id);
      // Two of one moment, too.
      if (n % 2 === 1) world.moveOn(1_000);
    }
    await world.endpointIn(other);
    const listed: string[] = [];
    let cursor: unknown;
    do {
      const page = await world.call(workspace, listEndpoints, {
        limit: 2,
        ...(cursor !== undefined && { cursor }),
      });
      assert.equal(page["total"], 5);
      listed.push(...(page["endpoints"] as { id: string }[]).map(({ id }) => id));
      cursor = page["nextCursor"] ?? undefined;
    } while (cursor !== undefined && listed.length < 10);
    assert.deepEqual(listed.toSorted(), made.toSorted());
    assert.equal(listed[0], made[0]);
    assert.equal(listed.length, 5);
  } finally {
    await world.close();
  }
});

test("a page that would be too long is cut where it fits, and its cursor goes on from there", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    const targetUrl = `https://example.com/${"a".repeat(1_900)}`;
    const made = 40;
    for (let n = 0; n < made; n++) await world.endpointIn(workspace, { name: `one of ${n}`, targetUrl });
    const caller = callerOf(principalOf(workspace, "all"));
    const seen: unknown[] = [];
    let cursor: unknown;
    let pages = 0;
    do {
      const input = cursor === undefined ? {} : { cursor };
      const page = await invoke(listEndpoints, input, caller, world.engines);
      const rows = page["endpoints"] as readonly { readonly id: string }[];
      assert.ok(JSON.stringify(rows).length < pageBytesMax + 1_000);
      seen.push(...rows.map(({ id }) => id));
      cursor = page["nextCursor"] ?? undefined;
      pages++;
    } while (cursor !== undefined);
    assert.equal(seen.length, made);
    assert.equal(new Set(seen).size, made);
    assert.ok(pages > 1, "one page was enough");
  } finally {
    await world.close();
  }
});

test("a confined credential is shown, and counted, what it may see", async () => {
  const world = await openRunningWorld();
  try {
    const workspace = await world.newWorkspace();
    await world.endpointIn(workspace, { name: "one", environment: "staging", bucket: "shop" });
    await world.endpointIn(workspace, { name: "two", environment: "staging" });
    await world.endpointIn(workspace, { name: "three" });
    const confines = { environment: "staging", buckets: ["shop"] };
    const caller = callerOf({ ...principalOf(workspace, "all"), confines });
    const { endpoints, total } = await invoke(listEndpoints, {}, caller, world.engines);
    assert.partialDeepStrictEqual(endpoints, [{ slug: "one" }]);
    assert.equal((endpoints as []).length, 1);
    assert.equal(total, 1);
  } finally {
    await world.close();
  }
});
