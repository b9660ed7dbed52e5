// What callers are promised of versions: who changes one record that has a version may say which one he has seen.
import assert from "node:assert/strict";
import { test } from "node:test";
import { planes } from "../src/planes/planes.ts";
import { pathParameters } from "../src/registry/field.ts";
import type { Operation } from "../src/registry/operation.ts";

const operations: readonly Operation[] = planes.flatMap((plane) => plane.operations);
const versioned = operations.filter(({ output }) => "version" in output.shape);

test("every change that answers a version of what was there before takes expectedVersion, and If-Match with it", () => {
  const creates = (it: Operation): boolean => it.verb === "POST" && pathParameters(it.path).length === 0;
  const changes = versioned.filter((it) => it.effect === "change" && !creates(it));
  assert.ok(changes.length >= 4);
  const without = changes.filter(({ input }) => !("expectedVersion" in input.shape));
  assert.deepEqual(
    without.map(({ name }) => name),
    [],
  );
});

test("what one address reads with a version, it does not remove or change without one", () => {
  const readable = new Set(versioned.filter(({ effect }) => effect === "read").map(({ path }) => path));
  const writes = operations.filter((it) => it.effect === "change" && readable.has(it.path));
  assert.ok(writes.length >= 2);
  for (const { name, input } of writes) assert.ok("expectedVersion" in input.shape, name);
});
