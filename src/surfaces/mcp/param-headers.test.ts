import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreeing, paramHeadersOf } from "./param-headers.ts";

const declared = paramHeadersOf({
  type: "object",
  properties: {
    region: { type: "string", "x-mcp-header": "Region" },
    shard: { type: "number", "x-mcp-header": "Shard" },
    isHot: { type: "boolean", "x-mcp-header": "Hot" },
    other: { type: "string" },
  },
});

function field(values: Record<string, unknown>, headers: Record<string, string>): unknown {
  const error = disagreeing(declared, values, (name) => headers[name]);
  assert.ok(error === undefined || error.code === -32020);
  return error?.data && "field" in error.data ? error.data.field : undefined;
}

test("a header repeats its argument, as text or in Base64", () => {
  const values = { region: "Zürich", shard: 42, isHot: true, other: "x" };
  const base64 = `=?base64?${Buffer.from("Zürich").toString("base64")}?=`;
  const headers = { "mcp-param-region": base64, "mcp-param-shard": "42.0", "mcp-param-hot": "true" };
  assert.equal(field(values, headers), undefined);
  assert.equal(field({ region: "eu" }, { "mcp-param-region": "eu" }), undefined);
});

test("what is missing, another value, or no Base64 is said by its argument", () => {
  assert.equal(field({ region: "eu" }, {}), "/params/arguments/region");
  for (const header of ["us", "=?base64?ZXU?=", "=?base64?Z!!U=?=", "EU"])
    assert.equal(field({ region: "eu" }, { "mcp-param-region": header }), "/params/arguments/region");
  assert.equal(field({ shard: 42 }, { "mcp-param-shard": "4.2e1" }), "/params/arguments/shard");
  assert.equal(field({ isHot: false }, { "mcp-param-hot": "true" }), "/params/arguments/isHot");
});

test("an argument that is left out, or is none that a header can repeat, needs no header", () => {
  assert.equal(field({ region: null, shard: undefined, isHot: {} }, { "mcp-param-region": "eu" }), undefined);
});
