import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesOf, sizeOf } from "./attributes.ts";

test("a size stands for the bytes that it was made of, and for no others", () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(2_000), fc.nat()), (bytes) => {
      const { atLeast, atMost } = bytesOf(sizeOf(bytes));
      assert.ok(atLeast <= bytes && bytes <= atMost);
      assert.notEqual(sizeOf(atMost + 1), sizeOf(bytes));
      if (atLeast > 0) assert.notEqual(sizeOf(atLeast - 1), sizeOf(bytes));
    }),
  );
});
