import fc from "fast-check";
import type { SentRecord } from "../../src/planes/traffic/captured.ts";
import { nearly } from "./nasty.ts";
import { plants, type Plant } from "./plants.ts";

export const noon = Date.UTC(2026, 10, 20, 12);
export const excludedPath = "/healthz";
const dayMs = 86_400_000;
const bodyBytesMax = 1024 * 1024;
const largest = Number.MAX_SAFE_INTEGER;

/** Where a batch that is sent has JSON that is nested far. */
export const standsForDeep = "nested far";

/** A record as it is sent, and what has to become of it. */
export type Sent = {
  readonly record: unknown;
  /** `either`: it was changed in one place, and the form alone can tell. */
  readonly meant: "taken" | "either" | { readonly refusedAt: string };
};

const texts = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("\u0000", "\ud800", "a\udc00b", "__proto__", "é".repeat(30), "${7*7}", "' or 1=1 --"),
);

const moments = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: noon - 7 * dayMs, max: noon }) },
  { weight: 1, arbitrary: fc.constantFrom(noon - 29 * dayMs, noon - 0.25, noon + dayMs) },
);

const durations = fc.oneof(
  fc.integer({ min: 0, max: 5_000 }),
  fc.constantFrom(0, 0.5, 1e-9, 5e-324, 12.345678901, 30 * dayMs),
);

const sizes = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 100_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 2 ** 31, 2 ** 40, largest) },
);

const targets = fc.oneof(
  { weight: 3, arbitrary: fc.stringMatching(/^\/(orders|users)\/[0-9a-z]{1,6}(\?page=[0-9]{1,3})?$/) },
  { weight: 1, arbitrary: texts.filter((text) => text !== "") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "*",
      "/",
      "//",
      "/%",
      "/%ff%00",
      "/?",
      "/#a?b",
      excludedPath,
      `${excludedPath}?deep=1`,
      `/${"a".repeat(8_191)}`,
      `/${"b".repeat(150)}`.repeat(30),
      "/é".repeat(4_096),
      "/".repeat(8_192),
    ),
  },
);

const bodies = fc.oneof(
  fc.constant(null),
  fc
    .oneof(
      texts,
      fc
        .object({ key: fc.constantFrom("a", "", "__proto__", "é"), maxDepth: 3 })
        .map((it) => JSON.stringify(it)),
      fc.constantFrom("[".repeat(3_000), "x".repeat(65_537), '{"__proto__":1}'),
    )
    .map((text) => ({ text, size: Buffer.byteLength(text), sha256: "", truncated: false })),
  fc
    .uint8Array({ maxLength: 200 })
    .map((bytes) => ({ base64: Buffer.from(bytes).toString("base64"), size: bytes.length, truncated: true })),
);

const headerName = fc.stringMatching(/^[Xx]-[A-Za-z0-9]{1,3}$/);
const headers = fc.oneof(
  { weight: 9, arbitrary: fc.array(fc.tuple(headerName, texts), { maxLength: 5 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      Array.from({ length: 100 }, (_, n) => [`x-${n}`, "v"]),
      [["x-long", "v".repeat(16_000)]],
    ),
  },
);

const messages = fc.record({ headers, body: bodies, size: sizes });

/** Of few, so that some come again, in this batch or in another. */
const known = fc.integer({ min: 1, max: 40 });

const plain = fc
  .record({
    startedAt: moments,
    durationMs: durations,
    method: fc.constantFrom("GET", "POST", "DELETE", "PROPFIND", `M${"X".repeat(39)}`),
    host: fc.oneof(fc.constantFrom("", "API.Shop.Example:8443"), texts),
    target: targets,
    route: fc.constantFrom(null, "/orders/:id", "(other)", "r".repeat(500), "\u0000"),
    status: fc.constantFrom(null, 100, 200, 204, 404, 500, 503, 599),
    outcome: fc.constantFrom("answered", "aborted", "failed", "blocked"),
    error: fc.oneof(
      fc.constant(null),
      fc.record({ type: fc.constantFrom("Timeout", "e".repeat(100), "\ud800"), message: texts }),
    ),
    ip: fc.constantFrom(null, "203.0.113.7", "::1", "nobody"),
    weight: fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: weights() }),
    kind: fc.constantFrom("request", "request", "outbound"),
    trace: fc.constantFrom(null, "0af7651916cd43dd8448eb211c80319c"),
    request: messages,
    response: fc.oneof(fc.constant(null), messages),
    known: fc.option(known, { freq: 4 }),
    caused: fc.option(known, { freq: 2 }),
  })
  .map(({ known: id, caused, ...record }) => ({
    ...record,
    ...(id !== null && { id: recordId(record.startedAt, id) }),
    parent: caused === null ? null : recordId(noon, caused),
  }));

function weights(): fc.Arbitrary<number> {
  return fc.constantFrom(1.4, 1.5, 20, 1_000_000);
}

/** A UUIDv7 of that moment. */
export function recordId(at: number, n: number): string {
  return `${Math.floor(at).toString(16).padStart(12, "0")}7${n.toString(16).padStart(19, "0")}`;
}

/** A record with a secret in it, of which nothing may be stored. */
const planting = fc.tuple(plain, plants).map(([record, plant]) => planted(record, plant));

type Record = { readonly [name: string]: unknown };

function planted(record: Record, { side, headers: more, target, text, truncated = false, message }: Plant) {
  const body = text === undefined ? null : { text, size: Buffer.byteLength(text), sha256: "", truncated };
  return {
    ...record,
    ...(target !== undefined && { target }),
    ...(message !== undefined && { error: { type: message, message } }),
    [side]: { headers: more, body, size: body?.size ?? 0 },
  };
}

const largeBody = { text: "a".repeat(bodyBytesMax + 1), size: 1 };

/** What is wrong with a record in one place, and where that is said to be. */
const faults: readonly (readonly [at: string, change: Record])[] = [
  ["/startedAt", { startedAt: -1 }],
  ["/startedAt", { startedAt: 1e308 }],
  ["/startedAt", { startedAt: 0.5, id: undefined }],
  ["/startedAt", { startedAt: Date.UTC(1999, 1, 1), id: undefined }],
  ["/startedAt", { startedAt: "2026-11-20T12:00:00Z" }],
  ["/startedAt", { startedAt: noon + dayMs + 60_000, id: undefined }],
  ["/id", { id: recordId(noon - 3 * dayMs, 1), startedAt: noon }],
  ["/id", { id: "\ud800" }],
  ["/durationMs", { durationMs: -0.001 }],
  ["/durationMs", { durationMs: 1e308 }],
  ["/method", { method: "get" }],
  ["/host", { host: "h".repeat(301) }],
  ["/target", { target: "" }],
  ["/target", { target: `/${"a".repeat(8_192)}` }],
  ["/status", { status: 99 }],
  ["/status", { status: 200.5 }],
  ["/outcome", { outcome: "lost" }],
  ["/error/type", { error: { type: "" } }],
  ["/weight", { weight: 0.5 }],
  ["/parent", { parent: "ex_0" }],
  ["/request/size", { request: { headers: [], size: -1 } }],
  ["/request/size", { request: { headers: [], size: 2 ** 53 } }],
  ["/request/headers", { request: { headers: { __proto__: null } } }],
  ["/request/headers", { request: { headers: Array.from({ length: 5_000 }, () => ["a", "b"]) } }],
  ["/request/headers/0/1", { request: { headers: [["a", 1]] } }],
  ["/request/body", { request: { headers: [], body: largeBody } }],
  ["/response/body", { response: { headers: [], body: { base64: "%%%", size: 1 } } }],
];

/** Records of every sort but with secrets, most of them good. */
export const plainRecords: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 5, arbitrary: plain.map((record): Sent => ({ record, meant: "taken" })) },
  {
    weight: 2,
    arbitrary: fc.tuple(plain, fc.constantFrom(...faults)).map(([record, [at, change]]): Sent => ({
      record: { ...record, ...change },
      meant: { refusedAt: at },
    })),
  },
  { weight: 3, arbitrary: nearly(plain).map((record): Sent => ({ record, meant: "either" })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<unknown>(null, 7, "record", [], {}, [[]], JSON.parse('{"__proto__":{"startedAt":1}}'))
      .map((record): Sent => ({ record, meant: { refusedAt: "" } })),
  },
  // What nobody reads may be anything, and costs nothing.
  {
    weight: 1,
    arbitrary: plain.map((record): Sent => ({ record: { ...record, more: standsForDeep }, meant: "taken" })),
  },
);

/** The same and records with secrets. */
export const sentRecords: fc.Arbitrary<Sent> = fc.oneof(
  { weight: 2, arbitrary: plainRecords },
  { weight: 1, arbitrary: planting.map((record): Sent => ({ record, meant: "taken" })) },
);

export type Series = {
  readonly at: number;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly outcome: SentRecord["outcome"];
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
};

const counts = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.constantFrom(1, 1_000_000_000));

/** What an agent counted. */
export const series: fc.Arbitrary<Series & { readonly durations: unknown }> = fc.record({
  at: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 20 }).map((ago) => noon - ago * 60_000) },
    { weight: 1, arbitrary: fc.constantFrom(0, Date.UTC(2099, 11, 31), 4_102_444_800_000) },
  ),
  method: fc.constantFrom("GET", "POST"),
  route: fc.constantFrom("/orders/:id", "(other)", "r".repeat(500), "\u0000\ud800"),
  status: fc.constantFrom(0, 200, 404, 503),
  outcome: fc.constantFrom("answered", "aborted", "failed", "blocked"),
  count: counts,
  requestBytes: sizes,
  responseBytes: sizes,
  durationMs: fc.oneof(durations, fc.constantFrom(largest)),
  durations: fc.array(fc.tuple(fc.integer({ min: 0, max: 2_000 }), counts), { maxLength: 5 }),
});
