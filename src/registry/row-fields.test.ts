import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createEndpoint } from "../planes/webhooks/operations/create-endpoint.ts";
import { listEndpoints } from "../planes/webhooks/operations/list-endpoints.ts";
import { planes } from "../planes/planes.ts";
import { scenarios, type Scenario } from "../../test/scenario.ts";
import type { Operation } from "./operation.ts";
import { rowsOf } from "./row-fields.ts";

const one: Scenario["given"] = (call) =>
  call(createEndpoint, { name: "one", targetUrl: "https://example.com/" });

scenarios(listEndpoints, [
  {
    name: "rows have what was asked for alone",
    scopes: ["endpoints:read", "endpoints:write"],
    given: one,
    input: { fields: ["slug", "isActive"] },
    gives: {
      endpoints: [{ slug: "one", isActive: true }],
      total: 1,
    },
    leaves: {},
  },
  {
    name: "what rows do not have cannot be asked for",
    scopes: "all",
    input: { fields: ["slug", "colour"] },
    fails: { kind: "invalid", pointer: "/fields/1" },
    leaves: {},
  },
]);

describe("lists with pages", () => {
  const operations = planes.flatMap((plane): readonly Operation[] => plane.operations);
  for (const it of operations.filter(({ output }) => "nextCursor" in output.shape))
    test(`${it.name} lets its callers choose what its rows have`, () => {
      assert.ok((rowsOf(it)?.members.length ?? 0) > 1);
      assert.ok("cursor" in it.input.shape && "limit" in it.input.shape);
    });
});
