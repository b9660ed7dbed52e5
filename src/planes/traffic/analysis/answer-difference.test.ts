import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { differencesOf, steady } from "./answer-difference.ts";
import type { Answered } from "./signature.ts";

function answer(body: unknown, status = 200, type = "application/json"): Answered {
  return {
    status,
    headers: [["Content-Type", type]],
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  };
}

function told(first: unknown, second: unknown): readonly string[] {
  return differencesOf(answer(first), answer(second)).map(({ kind, at }) => `${kind} ${at}`);
}

describe("two answers differ", () => {
  test("in their status, and then in nothing else that is told", () => {
    const [only, ...more] = differencesOf(answer({ id: 1 }), answer({ error: "x" }, 500));
    assert.deepEqual([only?.kind, only?.first, only?.second], ["status", "200", "500"]);
    assert.deepEqual(more, []);
  });

  test("in headers that say what they are", () => {
    const [only] = differencesOf(answer("<p>", 200, "text/html"), answer("<p>", 200, "text/plain"));
    assert.deepEqual([only?.kind, only?.at], ["header", "content-type"]);
  });

  test("in members, their types and values, by JSON Pointer", () => {
    assert.deepEqual(
      told(
        { id: 1, "a/b": { c: [1, 2] }, gone: true, same: [null] },
        { id: "1", "a/b": { c: [1, 3, 4] }, come: true, same: [null] },
      ),
      ["type /id", "length /a~1b/c", "value /a~1b/c/1", "missing /gone", "added /come"],
    );
  });

  test("in the bytes of what is not JSON, or too deep to be looked into", () => {
    assert.deepEqual(told("not JSON", "no JSON"), ["body body"]);
    const deep = (inner: string): string => `${"[".repeat(50_000)}${inner}${"]".repeat(50_000)}`;
    assert.deepEqual(told(deep("1"), deep("2")), ["body body"]);
    assert.deepEqual(told(deep("1"), deep("1")), []);
  });

  test("not in the order of their members", () => {
    assert.deepEqual(told({ a: 1, b: 2 }, { b: 2, a: 1 }), []);
  });
});

describe("what differs between two answers of one version is left out", () => {
  function steadyAt(first: unknown, again: unknown, candidate: unknown): readonly string[] {
    const volatile = differencesOf(answer(first), answer(again));
    return steady(differencesOf(answer(first), answer(candidate)), volatile).map(
      ({ kind, at }) => `${kind} ${at}`,
    );
  }

  test("a value, but not its type", () => {
    assert.deepEqual(steadyAt({ id: "a", n: 1 }, { id: "b", n: 1 }, { id: "c", n: 2 }), ["value /n"]);
    assert.deepEqual(steadyAt({ id: "a" }, { id: "b" }, { id: 3 }), ["type /id"]);
  });

  test("the same member of every item", () => {
    const items = (...ids: readonly string[]) => ({ items: ids.map((id) => ({ id, kind: "lamp" })) });
    assert.deepEqual(steadyAt(items("a", "same"), items("b", "same"), items("c", "other")), []);
  });

  test("a member that comes and goes, with all that is in it, and items of an array that grows", () => {
    assert.deepEqual(steadyAt({ hint: { n: 1 } }, {}, { hint: { n: 2 } }), []);
    assert.deepEqual(steadyAt({ log: ["a"] }, { log: ["a", "b"] }, { log: ["x", "y", "z"] }), []);
  });

  test("whatever the answers are, nothing remains of one that is like either of the two", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (first, again) => {
        assert.deepEqual(steadyAt({ first }, { first: again }, { first: again }), []);
        assert.deepEqual(steadyAt({ first }, { first: again }, { first }), []);
      }),
      { numRuns: 300 },
    );
  });
});
