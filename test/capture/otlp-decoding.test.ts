import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Failure } from "../../src/kernel/failure.ts";
import { jsonSpans } from "../../src/planes/traffic/otlp/json-spans.ts";
import { MalformedProtobuf } from "../../src/planes/traffic/otlp/protobuf.ts";
import { protobufSpans } from "../../src/planes/traffic/otlp/protobuf-spans.ts";
import type { SpansOfResource } from "../../src/planes/traffic/otlp/span.ts";
import { written } from "./protobuf-writer.ts";
import { jsonRequest, protobufRequest, type Made } from "./spans.ts";

const resource = { "service.name": "shop", "deployment.environment.name": "staging", "process.pid": 7 };
const spans: readonly Made[] = [
  {
    spanId: "b7ad6b7169203331",
    parentSpanId: "00f067aa0ba902b7",
    traceState: "ot=th:8",
    attributes: {
      "http.request.method": "POST",
      "http.response.status_code": 503,
      "http.request.body.content": new Uint8Array([0, 255]),
      "http.request.header.accept": ["a", "b"],
      "network.proxied": true,
      "thread.name": "main",
    },
    exception: { type: "TypeError", message: "gr\u00fc\u00dfe" },
    status: { code: 2, message: "broken" },
  },
  { spanId: "00f067aa0ba902b8", kind: 3, attributes: { "http.method": "GET" } },
];

test("both encodings of a request are read alike, and what is not looked at is not kept", () => {
  const [fromProtobuf] = protobufSpans(protobufRequest(resource, spans));
  const [fromJson] = jsonSpans(jsonRequest(resource, spans));
  assert.deepEqual(fromProtobuf, fromJson);
  assert.deepEqual(
    [...(fromProtobuf?.resource.keys() ?? [])],
    ["service.name", "deployment.environment.name"],
  );
  const [first] = fromProtobuf?.spans ?? [];
  assert.deepEqual(first?.raised, { type: "TypeError", message: "gr\u00fc\u00dfe" });
  assert.equal(first.attributes.get("thread.name"), undefined);
  assert.deepEqual(first.attributes.get("http.request.header.accept"), ["a", "b"]);
});

/** What can be read at all has the form that everything behind it relies on. */
function assertWellFormed(all: readonly SpansOfResource[]): void {
  for (const { spans: read } of all)
    for (const span of read) {
      assert.match(span.traceId, /^(?:[0-9a-f]{2})*$/);
      assert.equal(typeof span.startNs, "bigint");
      assert.ok(Number.isFinite(span.kind));
      for (const value of span.attributes.values())
        assert.ok(
          ["string", "number", "boolean"].includes(typeof value) ||
            value instanceof Uint8Array ||
            Array.isArray(value),
        );
    }
}

function decode(bytes: Buffer): "read" | "malformed" {
  try {
    assertWellFormed(protobufSpans(bytes));
    return "read";
  } catch (error) {
    if (error instanceof MalformedProtobuf) return "malformed";
    throw error;
  }
}

test("any bytes are read or called malformed, whatever bit is flipped and wherever they end", () => {
  const whole = protobufRequest(resource, spans);
  const came = { read: 0, malformed: 0 };
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = Buffer.from(whole);
    flipped.writeUInt8((flipped.at(bit >> 3) ?? 0) ^ (1 << (bit & 7)), bit >> 3);
    came[decode(flipped)] += 1;
  }
  for (let length = 0; length < whole.length; length++) came[decode(whole.subarray(0, length))] += 1;
  assert.ok(came.read > 100 && came.malformed > 100, `both happen: ${JSON.stringify(came)}`);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decode(Buffer.from(bytes));
    }),
    { numRuns: 2_000 },
  );
});

/** A list of messages, and what may be there in its stead. */
const messages = (message: fc.Arbitrary<unknown>) =>
  fc.oneof({ arbitrary: fc.array(message, { maxLength: 3 }), weight: 4 }, fc.jsonValue());
const anySpan = fc.oneof(fc.jsonValue(), fc.record({ attributes: fc.jsonValue(), status: fc.jsonValue() }));
const anyRequest = fc.record({
  resourceSpans: messages(fc.record({ scopeSpans: messages(fc.record({ spans: messages(anySpan) })) })),
});

test("any JSON is read or refused at a place, and names such as __proto__ and constructor are nobody's members", () => {
  const came = { read: 0, refused: 0 };
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), anyRequest), (value) => {
      try {
        assertWellFormed(jsonSpans(value));
        came.read++;
      } catch (error) {
        assert.ok(error instanceof Failure && error.detail.pointer !== undefined, String(error));
        came.refused++;
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(came.read > 0 && came.refused > 0, `both happen: ${JSON.stringify(came)}`);
  const nasty: unknown = JSON.parse(
    '{"__proto__":{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]},"constructor":{"resourceSpans":1}}',
  );
  assert.deepEqual(jsonSpans(nasty), []);
  const hidden: unknown = JSON.parse(
    '{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"__proto__","value":{"stringValue":"x"}}]}]}]}]}',
  );
  assert.equal(jsonSpans(hidden)[0]?.spans[0]?.attributes.size, 0);
});

test("lists and maps nest as deep as a sender likes, and nobody follows them", () => {
  let value: Buffer = written([[1, { bytes: "deep" }]]);
  for (let depth = 0; depth < 1_000; depth++)
    value = written([[5, { bytes: written([[1, { bytes: value }]]) }]]);
  const attribute = written([
    [1, { bytes: "http.route" }],
    [2, { bytes: value }],
  ]);
  const bytes = written([[1, { bytes: [[2, { bytes: [[2, { bytes: [[9, { bytes: attribute }]] }]] }]] }]]);
  assert.deepEqual(protobufSpans(bytes)[0]?.spans[0]?.attributes.get("http.route"), []);
});

test("spans that cost their sender nothing cost us no more than a bound", () => {
  const empty = written([[2, { bytes: "" }]]);
  const scope = Buffer.concat(Array.from({ length: 20_001 }, () => empty));
  const many = written([[1, { bytes: [[2, { bytes: scope }]] }]]);
  const tooMany = (error: unknown) => error instanceof Failure && error.kind === "too_large";
  assert.throws(() => protobufSpans(many), tooMany);
  assert.throws(() => jsonSpans({ resourceSpans: Array.from({ length: 1_001 }, () => ({})) }), tooMany);
});
