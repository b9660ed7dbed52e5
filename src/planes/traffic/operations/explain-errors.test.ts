import { bringIn, type Told } from "../../../../test/captured.ts";
import { scenarios, type Place, type Prepare } from "../../../../test/scenario.ts";
import type { Output } from "../../../registry/invoke.ts";
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
