import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fieldsMax, joined, partsByPlace, partsMax, partsOf, Shape, shapeOf } from "./shape.ts";

const hourMs = 3_600_000;

/** Bodies of any kind, with the names and texts that matter more often than others. */
const { body } = fc.letrec<{ body: unknown }>((tie) => ({
  body: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.constantFrom(null, true, 1, 1.5, "", "text", "2026-11-20", "ada@example.com"),
    fc.array(tie("body"), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom("id", "name", "constructor", "__proto__", "toString", "42", "0190b2c4d6e8"),
        fc.string({ maxLength: 5 }),
      ),
      tie("body"),
      { maxKeys: 6 },
    ),
  ),
}));
const shape = fc.tuple(body, fc.nat(1_000)).map(([value, hours]) => shapeOf(value, hours * hourMs));

test("two shapes are joined to the same, whichever comes first", () => {
  fc.assert(fc.property(shape, shape, (a, b) => assert.deepEqual(joined(a, b), joined(b, a))));
});

test("three shapes are joined to the same, whichever two come first", () => {
  fc.assert(
    fc.property(shape, shape, shape, (a, b, c) =>
      assert.deepEqual(joined(joined(a, b), c), joined(a, joined(b, c))),
    ),
  );
});

test("a shape that is joined again changes nothing", () => {
  fc.assert(
    fc.property(shape, shape, (a, b) => {
      const both = joined(a, b);
      assert.deepEqual(joined(a, a), a);
      assert.deepEqual(joined(both, a), both);
      assert.deepEqual(joined(both, b), both);
    }),
  );
});

test("a shape is bounded, whatever is seen", () => {
  const wide = (names: number, of: () => unknown): object =>
    Object.fromEntries(
      Array.from({ length: names }, (_, n) => [`field${"x".repeat(n % 7)}${"abcdefghij"[n % 10]}`, of()]),
    );
  const many = Array.from({ length: 40 }, (_, n) =>
    shapeOf(
      {
        [`part${"abcdefghijklmnopqrstuvwxyz"[n % 26]}${n > 25 ? "x" : ""}`]: wide(50, () =>
          wide(50, () => [n]),
        ),
      },
      0,
    ),
  );
  const all = many.reduce(joined);
  assert.ok(partsOf(all) <= partsMax, `${partsOf(all)} parts`);
  assert.deepEqual(joined(all, all), all);
  let deep: unknown = 1;
  for (let n = 0; n < 1_000; n++) deep = n % 2 === 0 ? [deep] : { in: deep };
  assert.ok(partsOf(shapeOf(deep, 0)) < 20);
});

test("no value is in a shape", () => {
  const text = JSON.stringify(
    shapeOf({ mail: "ada@example.com", born: "1815-12-10", list: ["secret", 424_242] }, 0),
  );
  assert.doesNotMatch(text, /ada|1815|secret|424242/);
  assert.match(text, /"format":"email"/);
});

test("objects whose names are ids or are too many are maps, without the names", () => {
  const byId = shapeOf(
    { "0190b2c4-0000-7000-8000-000000000001": { points: 1 }, "ada@example.com": { points: 2 } },
    0,
  );
  assert.doesNotMatch(JSON.stringify(byId), /0190|ada/);
  assert.deepEqual([...partsByPlace(byId).keys()], ["{}", "{}.points"]);
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const many = Object.fromEntries(
    Array.from({ length: fieldsMax + 1 }, (_, n) => [`${letters[n % 26]}${letters[Math.floor(n / 26)]}`, n]),
  );
  assert.deepEqual(shapeOf(many, 0), { kinds: ["object"], rest: { kinds: ["integer"] } });
});

test("a field is always there until a body lacks it, and its last moment is told to the hour", () => {
  const both = joined(shapeOf({ a: 1, b: 2 }, 5 * hourMs + 9), shapeOf({ a: 1 }, 7 * hourMs + 9));
  assert.ok(both.fields);
  assert.deepEqual(both.fields["a"], { shape: { kinds: ["integer"] }, always: true, seenAt: 7 * hourMs });
  assert.deepEqual(both.fields["b"], { shape: { kinds: ["integer"] }, always: false, seenAt: 5 * hourMs });
});

test("a shape is read back from JSON as it was", () => {
  fc.assert(fc.property(shape, (it) => assert.deepEqual(Shape.parse(JSON.parse(JSON.stringify(it))), it)));
});
