import assert from "node:assert/strict";
import { test } from "node:test";
import { partsOf } from "./target.ts";

test("a query begins behind the first question mark; others belong to it", () => {
  assert.deepEqual(partsOf("/a?x=1?y=2"), { path: "/a", query: "x=1?y=2" });
  assert.deepEqual(partsOf("/a?"), { path: "/a", query: "" });
  assert.deepEqual(partsOf("/a"), { path: "/a", query: "" });
  assert.deepEqual(partsOf(""), { path: "", query: "" });
});
