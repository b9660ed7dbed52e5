import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bringIn, type Told } from "../../../../test/captured.ts";
import { scenarios, type Place, type Scenario } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { Failure } from "../../../kernel/failure.ts";
import { cursorOf } from "../../../kernel/page.ts";
import { searchRequests } from "./search-requests.ts";

const orders: readonly Told[] = [
  { agoMs: 5_000, status: 200 },
  {
    agoMs: 4_000,
    method: "POST",
    status: 503,
    durationMs: 900,
    error: { type: "Timeout", message: "the stock is locked" },
  },
  { agoMs: 3_000, target: "/users/9?page=2", route: "/users/:id", status: 404 },
  {
    agoMs: 2_000,
    status: null,
    outcome: "failed",
    request: { headers: [["User-Agent", "shop-ios/5"]], text: '{"coupon":"SUMMER"}' },
  },
];

async function given(_call: unknown, place: Place): Promise<Output> {
  await bringIn(place, orders);
  await bringIn(place, [{ status: 500 }], { environment: "staging" });
  return {};
}

function finds(name: string, input: Output, statuses: readonly (number | null)[]): Scenario {
  return {
    name,
    scopes: ["traffic:read"],
    given,
    input: { environment: "production", ...input },
    gives: { requests: statuses.map((status) => ({ status })) },
    leaves: {},
  };
}

function refused(name: string, input: Output, pointer: string): Scenario {
  return { name, scopes: "all", given, input, fails: { kind: "invalid", pointer }, leaves: {} };
}

scenarios(searchRequests, [
  {
    name: "shows what was captured, and all that came from outside as untrusted",
    scopes: ["traffic:read"],
    given,
    input: { environment: "production", method: "post" },
    gives: {
      requests: [
        {
          at: "2026-11-20T11:59:56.000Z",
          kind: "request",
          method: "POST",
          status: 503,
          outcome: "answered",
          durationMs: 900,
          environment: "production",
          bucket: "default",
          weight: 1,
          untrusted: {
            host: "api.example.com",
            path: "/orders/7",
            route: "/orders/:id",
            error: "Timeout",
            message: "the stock is locked",
          },
        },
      ],
      nextCursor: null,
    },
    leaves: {},
  },
  finds("newest first", {}, [null, 404, 503, 200]),
  finds("by status", { status: "404" }, [404]),
  finds("by status as a number", { status: 404 }, [404]),
  finds("by class of status", { status: "5xx" }, [503]),
  finds("what was not answered", { status: "none" }, [null]),
  finds("by route, whatever the path", { path: "/orders/:id" }, [null, 503, 200]),
  finds("by path, whatever the query", { path: "/users/9" }, [404]),
  finds("by a path with *", { path: "/users/*" }, [404]),
  finds("by user agent", { userAgent: "shop-ios*" }, [null]),
  finds("by a query", { query: "(status:5xx OR status:404) AND NOT path:/users/*" }, [503]),
  finds("by what is in a body", { query: "body:SUMMER" }, [null]),
  finds(
    "by all of it together",
    { query: "duration>100", method: "POST", status: "5xx", since: "1h" },
    [503],
  ),
  finds("nothing in a time without any", { until: "1h", since: "2h" }, []),
  {
    name: "of all environments unless one is asked for",
    scopes: ["traffic:read"],
    given,
    input: { status: "500" },
    gives: { requests: [{ environment: "staging" }] },
    leaves: {},
  },
  refused("a query that cannot be read", { query: "status:5xx AND" }, "/query"),
  refused("a status that is none", { status: "600" }, "/status"),
  refused("a moment that is none", { since: "yesterday" }, "/since"),
  refused("a window that ends before it begins", { since: "1h", until: "2h" }, "/since"),
  refused("a bucket that is not there", { bucket: "nowhere" }, "/bucket"),
  refused("an environment that is not there", { environment: "nowhere" }, "/environment"),
  refused("a cursor of another list", { cursor: cursorOf({ createdAt: 1 }) }, "/cursor"),
]);

describe("search_requests", () => {
  test("pages through everything once", async () => {
    const world = await openWorld();
    try {
      const workspace = await world.newWorkspace();
      const place = { engines: world.engines, workspace };
      const { ids } = await bringIn(
        place,
        Array.from({ length: 25 }, (_, n) => ({
          agoMs: 1_000 + Math.floor(n / 3),
          request: { text: `{"n":${n % 2}}` },
        })),
      );
      const call = async (input: object) =>
        searchRequests.output.parse(
          await invoke(searchRequests, input, callerOf(principalOf(workspace, "all")), world.engines),
        );
      for (const query of [{}, { query: "body:n" }]) {
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await call({ limit: 4, ...query, ...(cursor !== null && { cursor }) });
          seen.push(...page.requests.map(({ id }) => id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        assert.equal(seen.length, ids.length);
        assert.deepEqual(new Set(seen), new Set(ids));
      }
    } finally {
      await world.close();
    }
  });

  test("a confined credential sees its own environment and buckets, and is refused others", async () => {
    const world = await openWorld();
    try {
      const workspace = await world.newWorkspace();
      const place = { engines: world.engines, workspace };
      await bringIn(place, [{ status: 201 }], { environment: "production", bucket: "shop" });
      await bringIn(place, [{ status: 202 }], { environment: "production", bucket: "default" });
      await bringIn(place, [{ status: 203 }], { environment: "staging", bucket: "shop" });
      const confined = {
        ...principalOf(workspace, ["traffic:read"]),
        confines: { environment: "production", buckets: ["shop"] },
      };
      const call = (input: object) => invoke(searchRequests, input, callerOf(confined), world.engines);
      const statuses = async (input: object) => {
        const { requests } = searchRequests.output.parse(await call(input));
        return requests.map(({ status }) => status);
      };
      assert.deepEqual(await statuses({}), [201]);
      assert.deepEqual(await statuses({ environment: "production", bucket: "shop" }), [201]);
      await assert.rejects(call({ environment: "staging" }), { kind: "forbidden" });
      // The same whether it is there or not.
      for (const bucket of ["default", "nowhere"])
        await assert.rejects(
          call({ bucket }),
          (error: unknown) => error instanceof Failure && error.detail.allowed?.[0] === "shop",
        );
    } finally {
      await world.close();
    }
  });
});
