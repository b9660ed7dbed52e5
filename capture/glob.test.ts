import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compileGlob, type GlobOf } from "./glob.ts";
import { InvalidRule } from "./invalid-rule.ts";

const cases: readonly (readonly [source: string, text: string, matches: boolean])[] = [
  ["/health*", "/health", true],
  ["/health*", "/healthz", true],
  ["/health*", "/health/live", false],
  ["/health**", "/health/live", true],
  ["/users/*/card", "/users/7/card", true],
  ["/users/*/card", "/users/7/8/card", false],
  ["/users/**/card", "/users/7/8/card", true],
  ["/v1/**", "/v1/", true],
  ["/v1/**", "/v1", false],
  ["/a", "/a", true],
  ["/a", "/A", false],
  ["**/x/*", "/a/x/b/x/c", true],
  ["**/x/*", "/a/x/b/c", false],
  ["/a.b", "/aXb", false],
];

test("a star stops at slashes, two of them do not", () => {
  for (const [source, text, matches] of cases)
    assert.equal(compileGlob(source)(text), matches, `${source} of ${text}`);
});

test("in text that is no path a star stops at nothing", () => {
  const matches = compileGlob("*bot*", "text");
  assert.ok(matches("Mozilla/5.0 (compatible; robot/2.1; +http://bot.example/)"));
  assert.ok(!matches("curl/8"));
});

test("a glob answers as a regular expression of the same meaning", () => {
  const sources = fc.array(fc.constantFrom("*", "**", "/", "a", "b"), { minLength: 1, maxLength: 8 });
  const texts = fc.string({ unit: fc.constantFrom("/", "a", "b"), maxLength: 12 });
  fc.assert(
    fc.property(sources, texts, fc.constantFrom<GlobOf>("path", "text"), (parts, text, of) => {
      const source = parts.join("");
      const meaning = source.replaceAll(/\*+/g, (stars) =>
        stars.length > 1 || of === "text" ? "[^]*" : "[^/]*",
      );
      assert.equal(compileGlob(source, of)(text), new RegExp(`^${meaning}$`).test(text));
    }),
    { numRuns: 2_000 },
  );
});

test("an empty pattern and one that is too long are refused", () => {
  assert.throws(() => compileGlob(""), InvalidRule);
  assert.throws(() => compileGlob("a".repeat(501)), /501 characters, at most 500/);
});
