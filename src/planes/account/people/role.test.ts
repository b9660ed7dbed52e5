import assert from "node:assert/strict";
import { test } from "node:test";
import { planes } from "../../planes.ts";
import type { Scope, Scopes } from "../../../kernel/principal.ts";
import { catalogueOf } from "../../../registry/catalogue.ts";
import { scopesOf, type Role } from "./role.ts";

/** Who has each scope: a new one is decided here, or the test fails. */
const everybody = [
  "changes:read",
  "connected-clients:read",
  "connected-clients:write",
  "credentials:read",
  "dashboard:read",
  "endpoints:read",
  "environments:read",
  "logs:read",
  "members:read",
  "plan:read",
  "self:read",
  "self:write",
  "traffic:read",
  "workspace:read",
];
const notViewers = [
  "changes:write",
  "endpoints:delete",
  "endpoints:write",
  "markers:write",
  "traffic:capture",
  "traffic:replay",
  "traffic_rules:write",
  "webhooks:replay",
  "webhooks:test",
];
const adminsAlone = ["credentials:write", "environments:write", "members:write", "workspace:write"];

test("every scope is decided for every role", () => {
  const catalogue = catalogueOf(planes);
  const all = [...new Set([...catalogue.operations.values()].map(({ scope }) => scope))].toSorted();
  const heldBy = (role: Role) => all.filter((scope) => has(scopesOf(role, catalogue), scope));
  assert.deepEqual(heldBy("viewer"), everybody);
  assert.deepEqual(heldBy("member"), [...everybody, ...notViewers].toSorted());
  assert.deepEqual(heldBy("admin"), [...everybody, ...notViewers, ...adminsAlone].toSorted());
  assert.deepEqual(heldBy("owner"), all);
});

test("an owner may do what a later version adds", () => {
  assert.equal(scopesOf("owner", catalogueOf(planes)), "all");
});

function has(scopes: Scopes, scope: Scope): boolean {
  return scopes === "all" || scopes.has(scope);
}
