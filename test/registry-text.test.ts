import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../src/kernel/failure.ts";
import { jsonFault, parseJson } from "../src/registry/json-text.ts";
import { quoted } from "../src/kernel/quoted.ts";
import { nearNames } from "../src/registry/near.ts";

test("a fault is found in exactly the texts that are no JSON", () => {
  const broken = fc.tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 })).map(([json, at, inserted]) => {
    const cut = at % (json.length + 1);
    return json.slice(0, cut) + inserted + json.slice(cut + 1);
  });
  const bits = fc.array(
    fc.constantFrom("{", "}", "[", "]", '"', ":", ",", "1", "-", ".", "e", "\\", "u", "true", " "),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.json(),
        broken,
        fc.string(),
        bits.map((it) => it.join("")),
      ),
      (text) => {
        assert.equal(jsonFault(text) === undefined, isJson(text), text);
      },
    ),
    { numRuns: 5_000 },
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("the fault is at the first character that cannot stand there", () => {
  const cases: readonly (readonly [text: string, position: number, expected: RegExp])[] = [
    ["", 0, /a value/],
    ["{", 1, /a name in double quotes or }/],
    ['{"a" 1}', 5, /:/],
    ['{"a":1,}', 7, /a name/],
    ["[1,]", 3, /a value/],
    ["[1 2]", 3, /, or \]/],
    ["{'a':1}", 1, /double quotes/],
    ['"abc', 4, /closing/],
    ['"a\nb"', 2, /escape/],
    ['"a\\x"', 2, /escape/],
    ["nul", 0, /a value/],
    ["01", 1, /nothing more/],
    ["1 2", 2, /nothing more/],
  ];
  for (const [text, position, expected] of cases) {
    const fault = jsonFault(text);
    assert.equal(fault?.position, position, text);
    assert.match(fault.expected, expected);
  }
});

test("lines and columns count from one, and long texts cost no stack", () => {
  assert.throws(
    () => parseJson('{\n "a": 1\n "b": 2\n}', "/x"),
    (error: unknown) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /line 3, column 2 \(position 11\)/);
      assert.equal(error.detail.pointer, "/x");
      return true;
    },
  );
  assert.equal(jsonFault("[".repeat(1_000_000))?.position, 1_000_000);
  assert.equal(jsonFault(`["${"x".repeat(3_000_000)}`)?.position, 3_000_002);
});

test("the nearest names share two fifths of their letter pairs, best first and at most three", () => {
  const words = ["create", "created", "list", "id"];
  assert.deepEqual(nearNames("craete", words), ["create", "created"]);
  assert.deepEqual(nearNames("LIST", words), ["list"]);
  assert.deepEqual(nearNames("cretaed", words), ["created", "create"]);
  assert.deepEqual(nearNames("xy", words), []);
  assert.deepEqual(nearNames("ix", words), []);
  assert.deepEqual(nearNames("something else", words), []);
  assert.deepEqual(nearNames("", words), []);
  assert.deepEqual(nearNames("endpoint_list", ["list_endpoints", "get_plan_usage"]), ["list_endpoints"]);
  assert.deepEqual(nearNames("target_url", ["name", "targetUrl"]), ["targetUrl"]);
  assert.deepEqual(nearNames("a", ["a", "A", "a-", "-a"]), ["a", "A", "a-"]);
});

test("what a caller gave is repeated in quotes, on one line and cut", () => {
  assert.equal(quoted("orders"), '"orders"');
  assert.equal(quoted('a"b\n\u0000\u0085\u2028c'), '"a\\"b\\n\\u0000\\u0085\\u2028c"');
  assert.equal(quoted("a".repeat(200)).length, 102);
});
