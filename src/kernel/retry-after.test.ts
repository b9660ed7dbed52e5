import assert from "node:assert/strict";
import { test } from "node:test";
import { retryAfter } from "./retry-after.ts";

test("who has to wait is told whole seconds, and never to come back at once", () => {
  assert.deepEqual(retryAfter(2_000), { "retry-after": "2" });
  assert.deepEqual(retryAfter(2_001), { "retry-after": "3" });
  assert.deepEqual(retryAfter(0), { "retry-after": "1" });
  assert.deepEqual(retryAfter(undefined), {});
});
