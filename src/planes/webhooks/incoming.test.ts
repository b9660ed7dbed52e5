import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { incoming, jsonBytesMax, textOf } from "./incoming.ts";
import type { Reading } from "./incoming.ts";

function read(
  reading: Reading,
  request: { body?: string | Uint8Array; url?: string; headers?: [string, string][] },
) {
  const { body = "", url = "/", headers = [] } = request;
  return textOf(reading, incoming({ method: "POST", url, headers, body: Buffer.from(body) }));
}

function jsonOf(length: number): string {
  return JSON.stringify({ id: "1", fill: "x".repeat(length - 20) }).padEnd(length);
}

describe("a text is read", () => {
  test("from the first header of that name, in any case", () => {
    const headers: [string, string][] = [
      ["X-Id", "a"],
      ["x-id", "b"],
    ];
    assert.equal(read({ header: "x-id" }, { headers }), "a");
    assert.equal(read({ header: "x-no" }, { headers }), undefined);
  });

  test("from the query, decoded", () => {
    assert.equal(read({ query: "hub.mode" }, { url: "https://h/in/x?a=1&hub.mode=a%20b" }), "a b");
    assert.equal(read({ query: "hub.mode" }, { url: "https://h/in/x" }), undefined);
  });

  test("from the JSON body by JSON Pointer: text, or an integer as text", () => {
    const body = JSON.stringify({
      a: { "b/c": [{ "d~": "x" }] },
      n: 12,
      big: 1e300,
      t: true,
      o: {},
      "": "e",
    });
    const at = (pointer: string) => read({ pointer }, { body });
    assert.equal(at("/a/b~1c/0/d~0"), "x");
    assert.equal(at("/n"), "12");
    assert.equal(at("/"), "e");
    for (const none of ["/big", "/t", "/o", "/a/b", "/a/b~1c/1", "/n/0", "/constructor", "/__proto__", ""]) {
      assert.equal(at(none), undefined, none);
    }
  });

  test("from no body that is no JSON, or longer than 1 MiB", () => {
    assert.equal(read({ pointer: "/id" }, { body: "id=1" }), undefined);
    assert.equal(read({ pointer: "/id" }, { body: jsonOf(jsonBytesMax) }), "1");
    assert.equal(read({ pointer: "/id" }, { body: jsonOf(jsonBytesMax + 1) }), undefined);
  });

  test("without throwing, whatever is in the body", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), fc.string(), (body, path) => {
        const text = read({ pointer: `/${path}` }, { body });
        assert.ok(text === undefined || typeof text === "string");
      }),
    );
  });
});

test("a body is parsed once, and only when it is asked for", () => {
  const request = incoming({ method: "POST", url: "/", headers: [], body: Buffer.from('{"a":{}}') });
  assert.equal(request.json(), request.json());
});
