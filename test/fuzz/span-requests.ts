import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { jsonRequest, protobufRequest, type Attributes, type Made } from "../capture/spans.ts";
import { written } from "../capture/protobuf-writer.ts";
import { noon } from "./captured-records.ts";
import { damaged, harms } from "./damaged.ts";
import { nasty, nearly } from "./nasty.ts";
import { plants, type Plant } from "./plants.ts";

const mib = 1024 * 1024;
const dayMs = 86_400_000;

/** Bytes as they are posted below `/otlp/v1/`. */
export type Exported = {
  readonly signal: "traces" | "metrics" | "logs";
  readonly body: Buffer;
  readonly type: string;
  readonly encoding: string;
  readonly bucket: string;
  /** Of what was damaged it is that in which nobody knows what there is. */
  readonly environment: "production" | "staging";
  /** By resource; those of what was damaged are not known. */
  readonly resources: readonly (readonly Made[])[] | undefined;
  /** `either`: only its form can tell. A number is the status that refuses it whole. */
  readonly meant: "taken" | "either" | number;
};

export const encodings = { protobuf: "application/x-protobuf", json: "application/json" } as const;

const texts = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom("", "\u0000", "__proto__", "é".repeat(300), "x".repeat(9_000)),
);

/** Of few traces and spans, so that some come again; a span of one name always begins at the same moment. */
const spanNumbers = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 }));

const statuses = fc.constantFrom<Attributes>(
  { "http.response.status_code": 200 },
  { "http.response.status_code": 404 },
  { "http.status_code": 503 },
  { "http.response.status_code": "204" },
  { "http.response.status_code": 999 },
  { "http.response.status_code": true },
  {},
);

const lines = fc.oneof(
  fc.tuple(texts, texts).map(([path, query]): Attributes => ({
    "http.request.method": "POST",
    "url.path": path,
    "url.query": query,
    "server.address": "api.shop.example",
    "server.port": 8_443,
  })),
  texts.map((target): Attributes => ({
    "http.method": "get",
    "http.target": target,
    "http.host": "Shop.Example",
  })),
  fc.constantFrom<Attributes>(
    { "http.request.method": "_OTHER", "http.request.method_original": "BREW\u0000" },
    { "http.request.method": "GET", "url.full": "https://user:fake@peer.example/a?b=1#c" },
    { "http.request.method": "GET", "url.path": "/healthz" },
    { "http.request.method": "GET", "http.route": "/orders/:id" },
    { "http.request.method": "", "url.path": "/" },
    { "rpc.system": "grpc" },
  ),
);

const rest = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Attributes>({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Attributes>(
      { "http.request.header.x-a": ["1", "2"], "http.response.header.content_type": ["text/plain"] },
      Object.fromEntries(
        Array.from({ length: 300 }, (_, n) => [`http.request.header.x-${n}`, ["v".repeat(90)]]),
      ),
      { "http.request.body.content": "[".repeat(70_000), "http.request.body.size": "99999999999999999999" },
      { "http.response.body.content": Buffer.from([0xff, 0, 0xfe]), "http.response.body.size": 2 ** 53 - 1 },
      { "client.address": "a".repeat(100), "user_agent.original": "u".repeat(2_000) },
      { "error.type": "e".repeat(200), "http.request.body.size": "-1" },
    ),
  },
);

const made: fc.Arbitrary<Made> = fc
  .record({
    numbers: spanNumbers,
    kind: fc.constantFrom(2, 2, 2, 3, 1),
    line: lines,
    status: statuses,
    more: rest,
    durationMs: fc.constantFrom(0, 1, 12, 5_000, 40 * 365 * dayMs),
    traceState: fc.constantFrom("", "ot=th:8", "ot=th:ffffffffffffff", "ot=th:zz,\u0000"),
    exception: fc.constantFrom(
      undefined,
      { type: "", message: "" },
      { type: "E".repeat(300), message: "\u0000" },
    ),
  })
  .map(({ numbers: [trace, span], line, status, more, exception, ...of }) => ({
    ...of,
    ...named(trace, span),
    attributes: { ...line, ...status, ...more },
    ...(exception && { exception, status: { code: 2, message: "failed" } }),
  }));

function named(trace: number, span: number): Pick<Made, "traceId" | "spanId" | "parentSpanId" | "startedAt"> {
  const hex = (n: number, digits: number) => n.toString(16).padStart(digits, "0");
  return {
    traceId: hex(trace, 32),
    spanId: hex(trace * 1_000 + span, 16),
    parentSpanId: span < 3 ? "" : hex(trace * 1_000 + (span % 3), 16),
    startedAt: moments[(trace * 7 + span) % moments.length] ?? noon,
  };
}

const moments = [noon, noon - 60_000, noon - dayMs, noon - 29 * dayMs, noon + 23 * 3_600_000];

const planted = fc.tuple(made, plants).map(([span, plant]): Made => {
  const {
    "http.request.body.content": _,
    "http.request.body.size": __,
    ...attributes
  } = span.attributes ?? {};
  return {
    ...span,
    kind: 2,
    attributes: {
      ...attributes,
      "http.request.method": "PUT",
      "http.response.status_code": 500,
      ...secretsOf(plant),
    },
    ...(plant.message !== undefined && { exception: { type: plant.message, message: plant.message } }),
  };
});

function secretsOf({ side, headers, target, text, truncated }: Plant): Attributes {
  const [path = "/", query = ""] = (target ?? "/").split("?");
  return {
    "url.path": path,
    "url.query": query,
    ...Object.fromEntries(
      headers.map(([name, value]) => [`http.${side}.header.${name.toLowerCase()}`, [value]]),
    ),
    ...(text !== undefined && { [`http.${side}.body.content`]: text }),
    // Of what is cut off somebody has to say so.
    ...(truncated === true && { [`http.${side}.body.size`]: 100_000 }),
  };
}

const resources = fc.constantFrom<Attributes>(
  { "service.name": "shop" },
  { "service.name": "\u0000", "deployment.environment.name": "nowhere" },
  { "service.name": "s".repeat(500), "deployment.environment": "__proto__" },
  {},
);

type OfResource = { readonly resource: Attributes; readonly spans: readonly Made[] };
const ofResources = (spans: fc.Arbitrary<Made>): fc.Arbitrary<readonly OfResource[]> =>
  fc.array(fc.record({ resource: resources, spans: fc.array(spans, { maxLength: 6 }) }), { maxLength: 3 });

type RequestJson = { readonly resourceSpans: readonly unknown[] };

function inJson(all: readonly OfResource[]): RequestJson {
  return {
    resourceSpans: all.flatMap(
      ({ resource, spans }) => (jsonRequest(resource, spans) as RequestJson).resourceSpans,
    ),
  };
}

/** Messages of Protocol Buffers that are set one behind the other are one. */
function inProtobuf(all: readonly OfResource[]): Buffer {
  return Buffer.concat(all.map(({ resource, spans }) => protobufRequest(resource, spans)));
}

const plain = {
  signal: "traces",
  type: encodings.json,
  encoding: "identity",
  bucket: "default",
  environment: "production",
} as const;

function requestsOf(all: fc.Arbitrary<readonly OfResource[]>): fc.Arbitrary<Exported> {
  return fc
    .tuple(
      all,
      fc.constantFrom<keyof typeof encodings>("protobuf", "json"),
      fc.boolean(),
      fc.constantFrom("default", "shop"),
    )
    .map(([made_, form, zipped, bucket]) => {
      const bytes = form === "json" ? Buffer.from(JSON.stringify(inJson(made_))) : inProtobuf(made_);
      return {
        ...plain,
        body: zipped ? gzipSync(bytes) : bytes,
        type: form === "json" ? `${encodings.json}; charset=utf-8` : encodings.protobuf,
        encoding: zipped ? "gzip" : "identity",
        bucket,
        resources: made_.map(({ spans }) => spans),
        meant: "taken",
      };
    });
}

const wellFormed = requestsOf(ofResources(fc.oneof(made, made, planted)));

const wild = { ...plain, environment: "staging", resources: undefined, meant: "either" } as const;

const nearlyJson = fc
  .tuple(nearly(ofResources(made).map(inJson)), fc.constantFrom(...nasty))
  .map(([request, other]): Exported => {
    const json = JSON.stringify(request).replace('"intValue":200', `"doubleValue":${JSON.stringify(other)}`);
    return { ...wild, body: Buffer.from(json) };
  });

const harmed = fc
  .tuple(requestsOf(ofResources(made)), harms)
  .map(([{ body, type, encoding }, harm]): Exported => ({
    ...wild,
    type,
    encoding,
    body: damaged(body, harm),
  }));

const garbage = fc
  .tuple(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...Object.values(encodings)))
  .map(([bytes, type]): Exported => ({ ...wild, type, body: Buffer.from(bytes) }));

/** Ids of spans, and moments, that are none. */
const unusable = fc
  .constantFrom<Partial<Record<string, unknown>>>(
    { traceId: "0".repeat(32) },
    { traceId: "zz" },
    { spanId: "" },
    { startTimeUnixNano: "0" },
    { startTimeUnixNano: "1000000" },
    { startTimeUnixNano: -1 },
    { startTimeUnixNano: 1e308 },
    { startTimeUnixNano: "99999999999999999999" },
    { startTimeUnixNano: "18446744073709551615" },
    { startTimeUnixNano: null },
    {
      attributes: [
        { key: "http.request.method", value: { stringValue: "GET" } },
        { key: "http.request.method" },
      ],
    },
    { events: [{ name: "exception", attributes: "none" }], kind: "SPAN_KIND_SERVER" },
    { kind: Infinity, status: { code: "STATUS_CODE_ERROR", message: 7 } },
  )
  .chain((change) =>
    made.map((span): Exported => {
      const [one] = (jsonRequest({}, [span]) as { resourceSpans: [{ scopeSpans: [{ spans: [object] }] }] })
        .resourceSpans;
      Object.assign(one.scopeSpans[0].spans[0], change);
      return { ...wild, body: Buffer.from(JSON.stringify({ resourceSpans: [one] })) };
    }),
  );

function refused(status: number, change: Partial<Exported>): Exported {
  return { ...plain, body: Buffer.from("{}"), resources: undefined, meant: status, ...change };
}

const protobuf = { type: encodings.protobuf };
const emptySpans = (count: number): Buffer =>
  written([
    [1, { bytes: [[2, { bytes: Array.from({ length: count }, () => [2, { bytes: "" }] as const) }]] }],
  ]);

const refusals = fc.constantFrom(
  refused(415, { type: "application/grpc" }),
  refused(415, { type: "constructor" }),
  refused(415, { encoding: "br", body: brotliCompressSync("{}") }),
  refused(415, { encoding: "zstd" }),
  refused(400, { body: Buffer.from("") }),
  refused(400, { body: Buffer.from('{"a":NaN}') }),
  refused(400, { body: Buffer.from('{"a":"\xff"}', "latin1") }),
  refused(400, { body: Buffer.from("[".repeat(mib)) }),
  refused(400, { body: Buffer.from("[".repeat(mib) + "]".repeat(mib)) }),
  refused(400, { body: Buffer.from("null") }),
  refused(400, { body: Buffer.from('{"resourceSpans":[{"scopeSpans":[{"spans":5}]}]}') }),
  refused(400, { encoding: "gzip" }),
  refused(400, { ...protobuf, body: Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]) }),
  refused(400, { ...protobuf, body: Buffer.alloc(40, 0xff) }),
  refused(400, { ...protobuf, body: Buffer.from([0x0b]) }),
  refused(400, { bucket: "nowhere" }),
  refused(413, { body: Buffer.alloc(4 * mib + 1, " ") }),
  refused(413, { encoding: "gzip", body: gzipSync(Buffer.alloc(40 * mib, " ")) }),
  refused(413, { ...protobuf, encoding: "gzip", body: gzipSync(emptySpans(20_001)) }),
  refused(413, {
    body: Buffer.from(JSON.stringify({ resourceSpans: Array.from({ length: 1_001 }, () => ({})) })),
  }),
);

/** What is taken and holds nothing. */
const empty = fc.constantFrom<Exported>(
  { ...wild, meant: "taken", body: Buffer.from('{"__proto__":{"resourceSpans":[1]}}') },
  { ...wild, ...protobuf, meant: "taken", body: Buffer.alloc(0) },
  { ...wild, ...protobuf, meant: "taken", body: emptySpans(20_000) },
  { ...wild, signal: "metrics", meant: "taken", body: Buffer.from("no metrics") },
  { ...wild, ...protobuf, signal: "logs", meant: "taken", body: Buffer.alloc(100, 0xff) },
);

export const spanRequests: fc.Arbitrary<Exported> = fc.oneof(
  { weight: 12, arbitrary: wellFormed },
  { weight: 4, arbitrary: nearlyJson },
  { weight: 6, arbitrary: harmed },
  { weight: 2, arbitrary: garbage },
  { weight: 3, arbitrary: unusable },
  { weight: 5, arbitrary: refusals },
  { weight: 2, arbitrary: empty },
);
