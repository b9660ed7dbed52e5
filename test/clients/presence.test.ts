import assert from "node:assert/strict";
import { test } from "node:test";
import { seat } from "../../src/config.ts";
import { skipOf } from "./presence.ts";

const reason = "example-client is not installed";

test("a client that is missing is skipped with its reason where a person looks, and never in CI", () => {
  for (const environment of [{}, { CI: "" }, { CI: "false" }])
    assert.equal(skipOf(reason, seat(environment)), reason);
  for (const environment of [{ CI: "true" }, { CI: "1" }])
    assert.equal(skipOf(reason, seat(environment)), false);
});

test("a client that is there is skipped nowhere", () => {
  for (const environment of [{}, { CI: "true" }]) assert.equal(skipOf(null, seat(environment)), false);
});
