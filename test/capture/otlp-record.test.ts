import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonSpans } from "../../src/planes/traffic/otlp/json-spans.ts";
import { isExchange, recordOfSpan } from "../../src/planes/traffic/otlp/span-record.ts";
import { traceMemory, type TraceMemory } from "../../src/planes/traffic/otlp/trace-memory.ts";
import { jsonRequest, noon, someTrace, type Attributes, type Made } from "./spans.ts";

const server = "b7ad6b7169203331";
const client = "00f067aa0ba902b7";
const handler = "00f067aa0ba902b8";
const get = { "http.request.method": "GET", "http.response.status_code": 200, "url.path": "/users/7" };

function recordsOf(spans: readonly Made[], memory: TraceMemory = traceMemory(), now = noon) {
  const read = jsonSpans(jsonRequest({}, spans)).flatMap((one) => one.spans);
  const joined = memory.join("bkt_1", read, now);
  return read.filter(isExchange).map((span) => recordOfSpan(span, joined));
}

function recordOf(attributes: Attributes, more: Partial<Made> = {}) {
  const [record] = recordsOf([{ spanId: server, attributes, ...more }]);
  assert.ok(record);
  return record;
}

test("a request as present SDKs tell of it", () => {
  const record = recordOf({
    "http.request.method": "POST",
    "http.response.status_code": 201,
    "url.path": "/orders/7",
    "url.query": "sig=REDACTED&x=1",
    "url.scheme": "https",
    "http.route": "/orders/:id",
    "server.address": "shop.example",
    "server.port": 8443,
    "client.address": "203.0.113.9",
    "network.peer.address": "10.0.0.1",
    "user_agent.original": "curl/8",
    "http.request.header.content-type": ["application/json"],
    "http.request.body.content": '{"a":1}',
    "http.response.header.set-cookie": ["a=1", "b=2"],
    "http.response.body.content": new Uint8Array([0, 255]),
    "http.response.body.size": 10,
  });
  assert.match(record.id, /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  assert.equal(Number.parseInt(record.id.slice(0, 12), 16), noon);
  const { id, request, response, ...rest } = record;
  assert.deepEqual(rest, {
    kind: "request",
    parent: null,
    trace: someTrace,
    startedAt: noon,
    durationMs: 12,
    method: "POST",
    host: "shop.example:8443",
    target: "/orders/7?sig=REDACTED&x=1",
    route: "/orders/:id",
    status: 201,
    outcome: "answered",
    error: null,
    ip: "203.0.113.9",
    weight: 1,
  });
  assert.deepEqual(request.headers, [
    ["content-type", "application/json"],
    ["user-agent", "curl/8"],
  ]);
  assert.deepEqual(request.body, { base64: btoa('{"a":1}'), size: 7, sha256: "", truncated: false });
  assert.deepEqual(response?.headers, [
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  assert.deepEqual(response.body, { base64: "AP8=", size: 10, sha256: "", truncated: true });
  assert.equal(id, recordOf(get).id, "the id follows from trace and span alone");
});

test("a request as SDKs told of it before the names were settled", () => {
  const record = recordOf({
    "http.method": "GET",
    "http.status_code": 404,
    "http.target": "/users/7?full=1",
    "http.host": "shop.example",
    "http.scheme": "http",
    "http.route": "/*",
    "http.client_ip": "203.0.113.9",
    "http.user_agent": "curl/8",
    "http.request.header.content_type": ["text/plain"],
    "http.response_content_length": 90,
  });
  assert.equal(record.target, "/users/7?full=1");
  assert.equal(record.host, "shop.example");
  assert.equal(record.route, null, "what catches everything is no template of what was not found");
  assert.deepEqual([record.status, record.outcome, record.ip], [404, "answered", "203.0.113.9"]);
  assert.deepEqual(record.request.headers, [
    ["content-type", "text/plain"],
    ["user-agent", "curl/8"],
  ]);
  assert.equal(record.response?.size, 90);
});

test("a method that HTTP does not know, and what is no HTTP at all", () => {
  const other = { ...get, "http.request.method": "_OTHER", "http.request.method_original": "brew" };
  assert.equal(recordOf(other).method, "BREW");
  assert.deepEqual(recordsOf([{ spanId: server, attributes: { "rpc.system": "grpc" } }]), []);
  assert.deepEqual(recordsOf([{ spanId: server, kind: 1, attributes: get }]), []);
});

test("a request without an answer failed, and says with what", () => {
  const { outcome, status, response, error } = recordOf(
    { "http.request.method": "GET", "url.path": "/", "error.type": "ECONNRESET" },
    { status: { code: 2, message: "socket hang up" } },
  );
  assert.deepEqual([outcome, status, response], ["failed", null, null]);
  assert.deepEqual(error, { type: "ECONNRESET", message: "socket hang up" });
});

test("a sampler's threshold is what a record stands for", () => {
  assert.equal(recordOf(get, { traceState: "vendor=1,ot=th:c" }).weight, 4);
  assert.equal(recordOf(get, { traceState: "ot=rv:aa;th:8" }).weight, 2);
  assert.equal(recordOf(get, { traceState: "ot=th:ffffffffffffff" }).weight, 1_000_000);
  assert.equal(recordOf(get, { traceState: "other=th:8" }).weight, 1);
});

const call = {
  spanId: client,
  parentSpanId: handler,
  kind: 3,
  attributes: {
    "http.request.method": "GET",
    "url.full": "http://user:pass@stock.example:81/items?sku=1#top",
    "url.template": "/items",
    "http.response.status_code": 200,
  },
} as const;
const inHandler = { spanId: handler, parentSpanId: server, kind: 1 } as const;

test("a call is of the request whose handling it is part of", () => {
  const [outbound, request] = recordsOf([call, inHandler, { spanId: server, attributes: get }]);
  assert.equal(outbound?.kind, "outbound");
  assert.equal(outbound.parent, request?.id);
  assert.deepEqual(
    [outbound.host, outbound.target, outbound.route, outbound.ip],
    ["stock.example:81", "/items?sku=1", "/items", null],
  );
  const [alone] = recordsOf([call]);
  assert.equal(alone?.parent, null);
  const [early] = recordsOf([
    { ...call, startedAt: noon - 1 },
    inHandler,
    { spanId: server, attributes: get },
  ]);
  assert.equal(early?.parent, null, "nothing is caused by what came later");
});

test("an exception below a request that broke is the request's, also when it came a batch earlier", () => {
  const memory = traceMemory();
  const exception = { type: "TypeError", message: "no such shelf" };
  const broken = {
    spanId: server,
    attributes: { ...get, "http.response.status_code": 500, "error.type": "500" },
  };
  recordsOf([{ ...inHandler, exception }], memory);
  assert.deepEqual(recordsOf([broken], memory, noon + 9_000)[0]?.error, exception);
  assert.equal(recordsOf([broken], memory, noon + 20_000)[0]?.error, null, "ten seconds are remembered");
  const [fine] = recordsOf([
    { ...inHandler, exception },
    { spanId: server, attributes: get },
  ]);
  assert.equal(fine?.error, null, "what was caught is no error of the request");
});

test("what is remembered has a bound, and a trace that is a circle has an end", () => {
  const circle = [
    { ...inHandler, parentSpanId: client },
    { ...call, parentSpanId: handler },
  ];
  assert.equal(recordsOf(circle)[0]?.parent, null);
  const memory = traceMemory();
  for (let n = 0; n < 27; n++) {
    const spans = Array.from({ length: 2_000 }, (_, i) => ({
      traceId: (n + 1).toString(16).padStart(32, "0"),
      spanId: (i + 1).toString(16).padStart(16, "0"),
      parentSpanId: i.toString(16).padStart(16, "0"),
      kind: 1,
    }));
    recordsOf(spans, memory);
  }
  const first = { ...call, traceId: "1".padStart(32, "0"), parentSpanId: "1".padStart(16, "0") };
  assert.equal(recordsOf([first], memory)[0]?.parent, null);
});
