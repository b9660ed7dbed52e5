import assert from "node:assert/strict";
import { test } from "node:test";
import { typedPath } from "./typed-path.ts";

const cases: readonly (readonly [path: string, typed: string])[] = [
  ["/", "/"],
  ["/users/42?x=1#y", "/users/{number}"],
  ["/users/42/orders/0190c1e2-7b7a-7cc3-98c4-dc0c0c07398f", "/users/{number}/orders/{uuid}"],
  ["/files/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/files/{ulid}"],
  ["/objects/507f1f77bcf86cd799439011", "/objects/{hex}"],
  ["/v1/charges/ch_3MmlLrLkdIwHu7ix", "/v1/charges/{id}"],
  ["/days/2026-11-20", "/days/{date}"],
  ["/people/ada@example.com", "/people/{email}"],
  ["/reset/REDACTED-token-0123456789ab", "/reset/{redacted}"],
  ["/links/aZ3bY9cX1dW7eV5f", "/links/{token}"],
  ["/v1/health-check", "/v1/health-check"],
  ["/blog/how-to-make-2024-count", "/blog/how-to-make-2024-count"],
  ["/facade/decade", "/facade/decade"],
];

test("segments that vary are replaced by their kind, words stay", () => {
  for (const [path, typed] of cases) assert.equal(typedPath(path), typed);
});

test("long paths and segments are cut", () => {
  assert.equal(typedPath(`/${"a".repeat(201)}`), "/{long}");
  assert.equal(typedPath("/a".repeat(40)), `${"/a".repeat(32)}/{rest}`);
  const segment = `/${"b".repeat(199)}`;
  assert.equal(typedPath(segment.repeat(3)), `${segment.repeat(2)}/{rest}`);
  assert.equal(typedPath(`${segment.repeat(2)}/${"c".repeat(99)}`), `${segment.repeat(2)}/${"c".repeat(99)}`);
});

test("a typed path is the typed path of itself", () => {
  for (const [, typed] of cases) assert.equal(typedPath(typed), typed);
});
