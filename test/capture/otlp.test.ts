import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { principalOf } from "../world.ts";
import { captureWorld } from "./capture-world.ts";
import { jsonRequest, noon, protobufRequest, type Attributes, type Made } from "./spans.ts";

const world = captureWorld();
const protobuf = "application/x-protobuf";
let traces = 0;

/** A trace of its own for each test. */
function newTrace(): string {
  return (++traces).toString(16).padStart(32, "0");
}

function request(traceId: string, more: Attributes = {}): Made {
  const attributes = {
    "http.request.method": "GET",
    "http.response.status_code": 200,
    "url.path": "/users/7",
  };
  return {
    traceId,
    spanId: "b7ad6b7169203331",
    attributes: { ...attributes, "http.route": "/users/:id", ...more },
  };
}

async function send(
  body: Buffer | string,
  headers: Readonly<Record<string, string>> = { "content-type": protobuf },
  path = "/otlp/v1/traces",
) {
  const response = await fetch(world().url + path, { method: "POST", body, headers });
  return {
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  };
}

async function ofTrace(trace: string) {
  return (await world().stored()).filter((it) => it.trace === trace);
}

test("a batch in Protocol Buffers is answered by an empty message and is stored", async () => {
  const trace = newTrace();
  const { status, headers, bytes } = await send(
    protobufRequest({ "service.name": "shop" }, [request(trace)]),
  );
  assert.deepEqual([status, headers.get("content-type"), bytes.length], [200, protobuf, 0]);
  const [stored, ...others] = await ofTrace(trace);
  assert.equal(others.length, 0);
  assert.equal(stored?.kind, "request");
  assert.deepEqual(
    [stored.method, stored.route, stored.status, stored.outcome, stored.environment, stored.bucket],
    ["GET", "/users/:id", 200, "answered", "production", "default"],
  );
  assert.deepEqual([stored.startedAt, stored.durationMs, stored.facts["service"]], [noon, 12, "shop"]);
});

test("the same batch in JSON, gzipped and sent again, is stored once", async () => {
  const trace = newTrace();
  const body = gzipSync(JSON.stringify(jsonRequest({}, [request(trace)])));
  const headers = { "content-type": "application/json; charset=utf-8", "content-encoding": "gzip" };
  for (let n = 0; n < 2; n++) {
    const answer = await send(body, headers);
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "application/json"]);
    assert.equal(String(answer.bytes), "{}");
  }
  assert.equal((await ofTrace(trace)).length, 1);
});

test("a call that a request made is stored as caused by it", async () => {
  const trace = newTrace();
  const call = {
    traceId: trace,
    spanId: "00f067aa0ba902b7",
    parentSpanId: "b7ad6b7169203331",
    kind: 3,
    attributes: {
      "http.request.method": "GET",
      "url.full": "http://stock.example/1",
      "http.response.status_code": 200,
    },
  };
  await send(protobufRequest({}, [call, request(trace)]));
  const stored = await ofTrace(trace);
  const outbound = stored.find(({ kind }) => kind === "outbound");
  assert.equal(outbound?.parent, stored.find(({ kind }) => kind === "request")?.id);
  assert.equal(outbound?.host, "stock.example");
});

test("what cannot be recorded is counted in the answer, and the rest is stored", async () => {
  const trace = newTrace();
  const spans = [request("0".repeat(32)), request(trace), { ...request(newTrace()), startedAt: 0 }];
  const { status, bytes } = await send(JSON.stringify(jsonRequest({}, spans)), {
    "content-type": "application/json",
  });
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(String(bytes)), {
    partialSuccess: {
      rejectedSpans: 2,
      errorMessage: "trace_id is not 16 bytes that are not all zero; start_time_unix_nano is missing",
    },
  });
  assert.equal((await ofTrace(trace)).length, 1);
  const ahead = { ...request(newTrace()), startedAt: noon + 10 * 86_400_000 };
  const told = await send(protobufRequest({}, [ahead]));
  assert.deepEqual([...told.bytes.subarray(2, 4)], [8, 1], "rejected_spans = 1");
  assert.match(String(told.bytes), /startedAt it is over a day ahead of the server's clock/);
});

test("a resource says which environment it is deployed in, unless the request does", async () => {
  const named = { "deployment.environment.name": "staging" };
  const environmentOf = async (resource: Attributes, headers: Readonly<Record<string, string>> = {}) => {
    const trace = newTrace();
    const answer = await send(protobufRequest(resource, [request(trace)]), {
      "content-type": protobuf,
      ...headers,
    });
    assert.equal(answer.status, 200);
    return (await ofTrace(trace))[0]?.environment;
  };
  assert.equal(await environmentOf(named), "staging");
  assert.equal(await environmentOf({ "deployment.environment": "development" }), "development");
  assert.equal(await environmentOf({ "deployment.environment.name": "nowhere" }), "production");
  assert.equal(await environmentOf(named, { "x-sluice-environment": "development" }), "development");
  const { workspace, asks } = world();
  const confined = {
    ...principalOf(workspace, ["traffic:capture"]),
    confines: { environment: "development" },
  };
  asks(confined);
  assert.equal(await environmentOf(named), "development", "nobody writes where he may not");
  asks(principalOf(workspace, ["traffic:capture"]));
});

test("metrics and logs are taken and nothing is stored of them", async () => {
  const before = (await world().stored()).length;
  for (const signal of ["metrics", "logs"])
    for (const type of [protobuf, "application/json"]) {
      const answer = await send("anything", { "content-type": type }, `/otlp/v1/${signal}`);
      assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, type]);
    }
  assert.equal((await world().stored()).length, before);
});

test("what will never be taken is answered by a status that is not tried again, as a Status in the same encoding", async () => {
  const malformed = await send("\u00ff\u00ff");
  assert.deepEqual(
    [malformed.status, malformed.headers.get("content-type"), malformed.bytes[1]],
    [400, protobuf, 3],
  );
  assert.match(String(malformed.bytes), /no ExportTraceServiceRequest/);
  const noJson = await send("{", { "content-type": "application/json" });
  assert.deepEqual(
    [noJson.status, JSON.parse(String(noJson.bytes))],
    [400, { code: 3, message: "The body is no JSON in UTF-8." }],
  );
  for (const [body, what] of [
    ["[]", "it must be an object"],
    ['{"resourceSpans":5}', "/resourceSpans must be a list"],
    [
      '{"resourceSpans":[{"scopeSpans":[{},{"spans":{}}]}]}',
      "/resourceSpans/0/scopeSpans/1/spans must be a list",
    ],
  ] as const) {
    const misshapen = await send(body, { "content-type": "application/json" });
    const message = `The body is no ExportTraceServiceRequest: ${what}.`;
    assert.deepEqual([misshapen.status, JSON.parse(String(misshapen.bytes))], [400, { code: 3, message }]);
  }
  assert.equal((await send("", { "content-type": "application/grpc" })).status, 415);
  assert.equal((await send("", { "content-type": protobuf, "content-encoding": "br" })).status, 415);
  assert.equal((await send("", { "content-type": protobuf }, "/otlp/v1/profiles")).status, 404);
  const bomb = gzipSync(Buffer.alloc(17 * 1024 * 1024));
  assert.ok(bomb.length < 100_000);
  assert.equal((await send(bomb, { "content-type": protobuf, "content-encoding": "gzip" })).status, 413);
});

test("who may not send is told so, in the encoding of the request", async () => {
  const { workspace, asks } = world();
  asks(undefined);
  const unknown = await send(protobufRequest({}, []));
  assert.deepEqual(
    [unknown.status, unknown.headers.get("content-type"), unknown.bytes[1]],
    [401, protobuf, 16],
  );
  asks(principalOf(workspace, ["traffic:read"]));
  assert.equal((await send(protobufRequest({}, []))).status, 403);
  asks(principalOf(workspace, ["traffic:capture"]));
});

test("while nothing can be stored a sender is asked to come again", async () => {
  const trace = newTrace();
  const batch = protobufRequest({}, [request(trace)]);
  world().fills(true);
  const { status, headers, bytes } = await send(batch);
  assert.deepEqual([status, headers.get("retry-after"), bytes[1]], [503, "5", 14]);
  world().fills(false);
  assert.equal((await send(batch)).status, 200);
  assert.equal((await ofTrace(trace)).length, 1);
});
