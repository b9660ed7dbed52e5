import assert from "node:assert/strict";
import { test } from "node:test";
import { valuesMax, valuesOfBoth, withBody, wordsOf, type KnownValues } from "./known-values.ts";

function after(bodies: readonly unknown[]): KnownValues {
  return bodies.reduce<KnownValues>(withBody, {});
}

function times(
  count: number,
  ...words: readonly string[]
): readonly { readonly phase: string | undefined }[] {
  return Array.from({ length: count }, (_, n) => ({ phase: words[n % words.length] }));
}

test("the words of a field that has few are told once it was there often", () => {
  assert.equal(wordsOf(after(times(19, "open", "closed")), "phase"), undefined);
  assert.deepEqual(wordsOf(after(times(20, "open", "closed")), "phase"), ["closed", "open"]);
  const inList = after([{ list: times(20, "OPEN", "PAST_DUE") }]);
  assert.deepEqual(wordsOf(inList, "list[].phase"), ["OPEN", "PAST_DUE"]);
});

test("a word that was met seldom is not kept as text, and nothing is told until it is met more often", () => {
  const known = after([...times(40, "open"), { phase: "strange" }]);
  assert.doesNotMatch(JSON.stringify(known), /strange/);
  assert.equal(wordsOf(known, "phase"), undefined);
});

test("a field with many words, with anything else, or of people has none", () => {
  const letters = "abcdefghijkl";
  const many = times(200, ...Array.from({ length: valuesMax + 1 }, (_, n) => `word${letters[n]}`));
  assert.equal(wordsOf(after(many), "phase"), undefined);
  assert.doesNotMatch(JSON.stringify(after(many)), /worda/);
  for (const value of ["Ada", "two words", "x1", "ada@example.com", "0190b2c4", "ü", "a".repeat(31)]) {
    const known = after([...times(40, "open"), { phase: value }, ...times(40, "open")]);
    assert.equal(wordsOf(known, "phase"), undefined, value);
    assert.doesNotMatch(JSON.stringify(known), /open/, "what was kept is forgotten");
  }
  for (const name of ["firstName", "user_email", "city", "apiKey", "password", "gender"]) {
    const known = after(Array.from({ length: 40 }, () => ({ [name]: "word" })));
    assert.deepEqual(known, {}, name);
  }
});

test("what is known by two comes together, and is not more than few", () => {
  const [one, other] = [after(times(20, "open")), after(times(20, "closed"))];
  assert.deepEqual(wordsOf(valuesOfBoth(one, other), "phase"), ["closed", "open"]);
  const five = (from: number) =>
    after(
      times(
        40,
        ..."abcdefghij"
          .slice(from, from + 5)
          .split("")
          .map((it) => `x${it}`),
      ),
    );
  assert.equal(wordsOf(valuesOfBoth(five(0), five(5)), "phase"), undefined);
});
