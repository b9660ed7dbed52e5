import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { bringIn, type Told } from "../../../../test/captured.ts";
import { scenarios, type Place, type Prepare } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf, type World } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { explainErrors } from "./explain-errors.ts";

const minute = 60_000;
const clients = ["shop-ios/5", "shop-android/5", "web/1"];

/** Two hours: in the second, what one client asks of one route fails. */
function traffic(fails: boolean): readonly Told[] {
  return Array.from({ length: 960 }, (_, n): Told => {
    const client = clients[n % 3] ?? "";
    const route = `/r${Math.floor(n / 3) % 4}`;
    const isNow = n >= 480;
    const broken = fails && isNow && client === "shop-ios/5" && route === "/r2";
    return {
      agoMs: 119 * minute - n * 7_400,
      method: "POST",
      target: route,
      route,
      status: broken || n % 97 === 0 ? 500 : 201,
      request: {
        headers: [
          ["user-agent", client],
          ["content-type", "application/json"],
        ],
        text: JSON.stringify({ sku: `s${n % 7}`, ...(broken && { coupon: { code: "SUMMER" } }) }),
      },
    };
  });
}

/** Two hours of one host: in the second, what has a coupon fails, whatever the route. */
function withCoupons(): readonly Told[] {
  return Array.from({ length: 1_200 }, (_, n): Told => {
    const isNow = n >= 600;
    const coupon = n % 7 < 2;
    return {
      agoMs: 119 * minute - n * 5_900,
      method: "POST",
      target: `/r${n % 10}`,
      route: `/r${n % 10}`,
      host: "shop.example.com",
      status: (isNow && coupon) || n % 97 === 0 ? 500 : 201,
      request: {
        headers: [["content-type", "application/json"]],
        text: JSON.stringify({ sku: `s${n % 5}`, ...(coupon && { coupon: `c${n}` }) }),
      },
    };
  });
}

/** Of one route, in the second hour what has a certain query key fails. */
function withKeys(): readonly Told[] {
  return traffic(false).map((told, n) => ({
    ...told,
    route: "/search",
    target: n % 4 === 0 ? "/search?debug=1&q=x" : "/search?q=x",
    status: n >= 480 && n % 4 === 0 ? 500 : 200,
  }));
}

function given(fails: boolean): (call: Prepare, place: Place) => Promise<Output> {
  return async (_call, place) => {
    await bringIn(place, traffic(fails));
    return {};
  };
}

scenarios(explainErrors, [
  {
    name: "names what fails by the fewest attributes together, and what is in it",
    scopes: ["traffic:read"],
    given: given(true),
    input: {},
    gives: {
      verdict: "more errors",
      sampled: false,
      explanations: [
        {
          isNew: false,
          untrusted: {
            terms: [
              { dimension: "route", value: "POST /r2" },
              { dimension: "userAgent", value: "shop-ios/5" },
            ],
          },
        },
      ],
    },
    leaves: {},
  },
  {
    name: "invents nothing where nothing is wrong",
    scopes: ["traffic:read"],
    given: given(false),
    input: {},
    gives: { verdict: "no more errors than before", explanations: [] },
    leaves: {},
  },
  {
    name: "says when there is too little to tell",
    scopes: ["traffic:read"],
    input: {},
    gives: { verdict: "too few requests", explanations: [] },
    leaves: {},
  },
  {
    name: "a baseline that begins after the window",
    scopes: "all",
    input: { since: "2h", baseline: "1h" },
    fails: { kind: "invalid" },
    leaves: {},
  },
]);

describe("explain_errors", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  async function explainedOf(told: readonly Told[]) {
    const workspace = await world.newWorkspace();
    const { ids } = await bringIn({ engines: world.engines, workspace }, told);
    const caller = callerOf(principalOf(workspace, ["traffic:read"]));
    return {
      ids,
      answer: explainErrors.output.parse(await invoke(explainErrors, {}, caller, world.engines)),
    };
  }

  test("names what is in the body where that alone tells what fails, and not what all requests share", async () => {
    const { answer } = await explainedOf(withCoupons());
    assert.equal(answer.verdict, "more errors");
    assert.deepEqual(
      answer.explanations.map(({ untrusted }) => untrusted.terms),
      [[{ dimension: "payload", value: "body.coupon is string" }]],
    );
    assert.ok((answer.explanations[0]?.share ?? 0) > 0.9);
  });

  test("names both where the content narrows what an attribute tells", async () => {
    const { answer } = await explainedOf(
      withCoupons().map((told) => (told.target === "/r3" ? told : { ...told, status: 201 })),
    );
    assert.deepEqual(answer.explanations[0]?.untrusted.terms.map(({ dimension }) => dimension).toSorted(), [
      "payload",
      "route",
    ]);
  });

  test("examples are of the part that is named, also where only a request itself tells that it is", async () => {
    const { answer, ids } = await explainedOf(withKeys());
    const [first] = answer.explanations;
    assert.deepEqual(first?.untrusted.terms, [{ dimension: "queryKeys", value: "debug, q" }]);
    assert.equal(first.examples.length, 3);
    for (const id of first.examples) assert.equal(ids.indexOf(id) % 4, 0);
    assert.deepEqual(first.untrusted.content, []);
  });

  test("what fails more, whatever it is, is told to be so without an explanation", async () => {
    const { answer } = await explainedOf(
      traffic(false).map((told, n) => ({ ...told, status: n >= 480 && n % 5 === 0 ? 500 : 201 })),
    );
    assert.equal(answer.verdict, "more errors");
    assert.deepEqual(answer.explanations, []);
  });
});
