import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { ddmin, minimised, type Json, type Reducible } from "./minimise.ts";

const large: Reducible = {
  headers: Array.from({ length: 20 }, (_, n) => [`x-header-${n}`, `value ${n}`] as const),
  query: [
    ["page", "1"],
    ["debug", "true"],
    ["sort", "name"],
  ],
  body: {
    json: {
      customer: { name: "Ada", address: { city: "London", lines: ["one", "two", "three"] } },
      items: Array.from({ length: 30 }, (_, n) => ({ sku: `sku-${n}`, quantity: n, note: "x".repeat(20) })),
      coupon: { code: "SUMMER", percent: 10 },
    },
  },
};

function asked(matters: (candidate: Reducible) => boolean) {
  let sends = 0;
  return {
    sends: () => sends,
    stillSame: async (candidate: Reducible) => {
      sends++;
      return matters(candidate);
    },
  };
}

describe("a request is made as small as still comes to the same", () => {
  test("what does not matter is left out, wherever it stands", async () => {
    const oracle = asked(({ headers, query, body }) => {
      const json = body !== null && "json" in body ? JSON.stringify(body.json) : "";
      return (
        headers.some(([name]) => name === "x-header-7") &&
        query.some(([name]) => name === "debug") &&
        json.includes("sku-13")
      );
    });
    const least = await minimised(large, oracle.stillSame);
    assert.deepEqual(least, {
      headers: [["x-header-7", "value 7"]],
      query: [["debug", "true"]],
      body: { json: { items: [{ sku: "sku-13" }] } },
    });
    assert.ok(oracle.sends() < 200, `${oracle.sends()} sends`);
  });

  test("where nothing of it matters nothing is left", async () => {
    const least = await minimised(large, async () => true);
    assert.deepEqual(least, { headers: [], query: [], body: null });
  });

  test("where all of it matters all of it stays", async () => {
    const whole = JSON.stringify(large);
    const least = await minimised(large, async (candidate) => JSON.stringify(candidate) === whole);
    assert.deepEqual(least, large);
  });

  test("when no more may be asked, what was found so far is answered", async () => {
    let left = 3;
    const least = await minimised(large, async () => (left-- > 0 ? true : null));
    assert.deepEqual(least.headers, []);
    assert.deepEqual(least.query, []);
  });

  test("text is kept or left out as a whole", async () => {
    const request: Reducible = { headers: [], query: [], body: { text: "<order/>" } };
    const least = await minimised(request, async ({ body }) => body !== null);
    assert.deepEqual(least.body, { text: "<order/>" });
  });
});

test("of parts that matter together none is lost, and no other stays", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(40), fc.uniqueArray(fc.nat(40), { maxLength: 6 }), async (count, wanted) => {
      const parts = Array.from({ length: count + 41 }, (_, n) => n);
      const kept = await ddmin(parts, async (some) => wanted.every((part) => some.includes(part)));
      assert.deepEqual(
        kept,
        wanted.toSorted((a, b) => a - b),
      );
    }),
  );
});

test("any JSON comes out as JSON, and no larger", async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 4 }), fc.integer(), async (value, seed) => {
      // eslint-disable-next-line typescript/no-unsafe-type-assertion -- fast-check's JSON is JSON
      const json = value as Json;
      let state = seed;
      const least = await minimised({ headers: [], query: [], body: { json } }, async () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state % 3 === 0;
      });
      const text = least.body === null ? "" : JSON.stringify("json" in least.body ? least.body.json : null);
      assert.ok(text.length <= JSON.stringify(json).length);
    }),
    { numRuns: 300 },
  );
});
