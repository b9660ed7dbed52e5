import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { explained, type Observations, type Observed } from "./excess.ts";

const requestsOfWindow = 40_000;
const sampled = 4_000;
const usual = 0.005;

type Row = { readonly attributes: ReadonlyMap<string, string>; readonly failed: boolean };
type Fault = (attributes: ReadonlyMap<string, string>) => number;

/** Random numbers that are the same each time. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function rows(random: () => number, fault: Fault, version: string): readonly Row[] {
  const one = (count: number): number => Math.floor(random() * count);
  return Array.from({ length: requestsOfWindow }, () => {
    const attributes = new Map([
      ["route", `GET /r${one(20)}`],
      ["client", ["ios", "android", "web", "cli"][one(4)] ?? ""],
      ["bucket", `b${one(5)}`],
      ["host", `h${one(3)}`],
      ["service", version],
    ]);
    return { attributes, failed: random() < usual + fault(attributes) };
  });
}

function observed(random: () => number, before: readonly Row[], now: readonly Row[]): Observations {
  const errors = (all: readonly Row[]): Observed[] =>
    all.filter(({ failed }) => failed).map(({ attributes }) => ({ attributes, weight: 1 }));
  const requests = (all: readonly Row[]): Observed[] =>
    Array.from({ length: sampled }, () => ({
      attributes: all[Math.floor(random() * all.length)]?.attributes ?? new Map(),
      weight: all.length / sampled,
    }));
  return {
    errors: errors(now),
    errorsBefore: errors(before),
    requests: requests(now),
    requestsBefore: requests(before),
  };
}

function explainedWith(seed: number, fault: Fault, version = "1") {
  const random = randomOf(seed);
  return explained(
    observed(
      random,
      rows(random, () => 0, "1"),
      rows(random, fault, version),
    ),
  );
}

const none: Fault = () => 0;
const ofRouteAndClient: Fault = (it) =>
  it.get("route") === "GET /r3" && it.get("client") === "ios" ? 0.5 : 0;

function told(terms: readonly { readonly dimension: string; readonly value: string }[]): string {
  return terms
    .map(({ dimension, value }) => `${dimension}=${value}`)
    .toSorted()
    .join(" & ");
}

describe("errors are explained by the fewest attributes that do", () => {
  for (const seed of [1, 2, 3, 4, 5])
    test(`two together, random numbers ${seed}`, () => {
      const { explanations, deviations } = explainedWith(seed, ofRouteAndClient);
      assert.ok(deviations > 4);
      assert.equal(told(explanations[0]?.terms ?? []), "client=ios & route=GET /r3");
      assert.ok((explanations[0]?.share ?? 0) > 0.85);
    });

  test("one alone, where nothing else matters", () => {
    const { explanations } = explainedWith(6, (it) => (it.get("client") === "cli" ? 0.05 : 0));
    assert.deepEqual(
      explanations.map(({ terms }) => told(terms)),
      ["client=cli"],
    );
  });

  test("two faults at once are told apart, the larger first", () => {
    const { explanations } = explainedWith(
      7,
      (it) => ofRouteAndClient(it) + (it.get("route") === "GET /r9" ? 0.05 : 0),
    );
    assert.deepEqual(
      explanations.map(({ terms }) => told(terms)),
      ["client=ios & route=GET /r3", "route=GET /r9"],
    );
  });

  test("what came with the window is not named for it: all requests are of the new version, few of them fail", () => {
    const { explanations } = explainedWith(8, ofRouteAndClient, "2");
    assert.equal(told(explanations[0]?.terms ?? []), "client=ios & route=GET /r3");
  });

  test("a fault of everything is told by what is new, and marked so", () => {
    const { explanations } = explainedWith(9, () => 0.02, "2");
    assert.equal(told(explanations[0]?.terms ?? []), "service=2");
    assert.equal(explanations[0]?.isNew, true);
  });
});

describe("what nearly all requests share explains nothing", () => {
  const unseen: Fault = () => 0.03;

  test("a fault that no attribute tells is told by none, though every one of them has more errors", () => {
    for (const seed of [20, 21, 22]) {
      const { explanations, deviations } = explainedWith(seed, unseen);
      assert.ok(deviations > 4);
      assert.deepEqual(explanations, [], `random numbers ${seed}`);
    }
  });

  test("one that has most of the traffic is named where the rest does not fail", () => {
    const { explanations } = explainedWith(23, (it) => (it.get("client") === "cli" ? 0 : 0.05));
    assert.equal(explanations.length, 3);
    assert.ok(explanations.every(({ terms }) => terms[0]?.dimension === "client"));
  });
});

test("where there is no fault none is found", () => {
  for (let seed = 100; seed < 112; seed++) {
    const { explanations } = explainedWith(seed, none);
    assert.deepEqual(explanations, [], `random numbers ${seed}`);
  }
});

test("fewer errors than before are no excess", () => {
  const random = randomOf(10);
  const { explanations, excess } = explained(
    observed(
      random,
      rows(random, () => 0.05, "1"),
      rows(random, none, "1"),
    ),
  );
  assert.deepEqual(explanations, []);
  assert.ok(excess < 0);
});

test("nothing at all is no fault either", () => {
  const { explanations, errors } = explained({
    errors: [],
    errorsBefore: [],
    requests: [],
    requestsBefore: [],
  });
  assert.deepEqual(explanations, []);
  assert.equal(errors, 0);
});
