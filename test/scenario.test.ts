import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { dryRunLeavesNothing, runScenario, scenarios, type Scenario } from "./scenario.ts";
import { surfaces, type SurfaceName } from "./surface-calls.ts";
import {
  createCrate,
  deleteCrate,
  getCrate,
  listCrates,
  shipCrate,
  showSeal,
  updateCrate,
} from "./surfaces/crates.ts";
import { openWorld, type World } from "./world.ts";

const aCrate: Scenario["given"] = (call) => call(createCrate, { label: "first" });

scenarios(createCrate, [
  {
    name: "answers the crate it made",
    scopes: ["crates:write"],
    input: {
      label: " north ",
      note: "handle with care",
      weight: 2.5,
      fragile: true,
      tags: ["a,b", "c"],
      codes: [-1],
      contents: { deep: [1, "two", null] },
      lining: null,
    },
    gives: {
      label: "north",
      version: 1,
      weight: 2.5,
      fragile: true,
      tags: ["a,b", "c"],
      codes: [-1],
      untrusted: { deep: [1, "two", null] },
    },
    leaves: { audit: 1, crate: 1, history: 1 },
  },
  {
    name: "a reader may not",
    scopes: ["crates:read"],
    input: { label: "north" },
    fails: { kind: "forbidden" },
    leaves: {},
  },
  {
    name: "a weight out of bounds is refused",
    scopes: "all",
    input: { label: "north", weight: 1_001 },
    fails: { kind: "invalid", pointer: "/weight" },
    leaves: {},
  },
  {
    name: "a label is required",
    scopes: "all",
    input: {},
    fails: { kind: "invalid", pointer: "/label" },
    leaves: {},
  },
  {
    name: "an unknown field is refused by name",
    scopes: "all",
    input: { label: "north", colour: "red" },
    fails: { kind: "invalid", pointer: "/colour" },
    leaves: {},
  },
  {
    name: "a label is taken once",
    scopes: "all",
    given: aCrate,
    input: { label: "first" },
    fails: { kind: "conflict", pointer: "/label" },
    leaves: {},
  },
]);

scenarios(getCrate, [
  {
    name: "shows a crate",
    scopes: ["crates:read"],
    given: aCrate,
    input: ({ id }) => ({ crateId: id }),
    gives: { label: "first", note: null },
    leaves: {},
  },
  {
    name: "a crate that never was is not found",
    scopes: "all",
    input: { crateId: "a/b c%2F?#ü" },
    fails: { kind: "not_found", pointer: "/crateId" },
    leaves: {},
  },
]);

scenarios(listCrates, [
  {
    name: "every kind of value arrives as it was sent",
    scopes: "all",
    input: {
      limit: 5,
      labels: ["a,b", "[c", "null"],
      weights: [1.5, -2],
      fragile: false,
      order: "oldest",
      near: { x: 1, y: -1 },
    },
    gives: {
      asked: {
        limit: 5,
        labels: ["a,b", "[c", "null"],
        weights: [1.5, -2],
        fragile: false,
        order: "oldest",
        near: { x: 1, y: -1 },
      },
    },
    leaves: {},
  },
  {
    name: "one item with a comma stays one, and no items stay none",
    scopes: "all",
    input: { labels: ["a,b"], weights: [] },
    gives: { asked: { labels: ["a,b"], weights: [] } },
    leaves: {},
  },
]);

scenarios(updateCrate, [
  {
    name: "null empties a field",
    scopes: "all",
    given: (call) => call(createCrate, { label: "first", note: "old" }),
    input: ({ id }) => ({ crateId: id, note: null }),
    gives: { note: null, version: 2 },
    leaves: { audit: 1, crate: 1, history: 1 },
  },
]);

scenarios(deleteCrate, [
  {
    name: "removes a crate",
    scopes: ["crates:write"],
    given: aCrate,
    input: ({ id }) => ({ crateId: id, reason: "empty" }),
    leaves: { audit: 1, crate: 1, history: 1 },
  },
]);

scenarios(showSeal, [
  { name: "shows it to people", scopes: "all", input: {}, gives: { seal: "fake-seal" }, leaves: {} },
]);

dryRunLeavesNothing(createCrate, { input: { label: "north" } });
dryRunLeavesNothing(updateCrate, { given: aCrate, input: ({ id }) => ({ crateId: id, weight: 9 }) });
dryRunLeavesNothing(deleteCrate, { given: aCrate, input: ({ id }) => ({ crateId: id }) });

const target = createServer((_request, response) => response.end("ok"));
before(() => new Promise<void>((resolve) => target.listen(0, "127.0.0.1", resolve)));
after(() => target.close());

dryRunLeavesNothing(shipCrate, {
  given: aCrate,
  input: ({ id }) => ({
    crateId: id,
    to: `http://127.0.0.1:${(target.address() as AddressInfo).port}/`,
  }),
});

describe("a scenario that expects what does not happen fails", () => {
  let world: World;
  before(async () => {
    world = await openWorld();
  });
  after(() => world.close());

  const good: Scenario = {
    name: "",
    scopes: ["crates:write"],
    input: { label: "north" },
    gives: { label: "north" },
    leaves: { audit: 1, crate: 1, history: 1 },
  };
  const { gives: _, ...withoutGives } = good;
  const bad: Readonly<Record<string, Scenario>> = {
    "another answer": { ...good, gives: { label: "south" } },
    "a failure": { ...withoutGives, fails: { kind: "invalid" } },
    "nothing left": { ...good, leaves: {} },
    "more left": { ...good, leaves: { ...good.leaves, outbox: 1 } },
    "success without the scope": { ...good, scopes: [] },
    "another kind of failure": { ...good, scopes: [], fails: { kind: "invalid" }, leaves: {} },
    "another place": { ...good, input: {}, fails: { kind: "invalid", pointer: "/note" }, leaves: {} },
  };
  for (const surface of Object.keys(surfaces) as SurfaceName[]) {
    test(`over ${surface}: the good one passes`, () =>
      runScenario({ it: createCrate, scenario: good, surface, world }));
    for (const [name, scenario] of Object.entries(bad))
      test(`over ${surface}: ${name}`, () =>
        assert.rejects(runScenario({ it: createCrate, scenario, surface, world }), {
          name: "AssertionError",
        }));
  }
});
