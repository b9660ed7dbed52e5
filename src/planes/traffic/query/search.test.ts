import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Exchange } from "../../../kernel/exchange.ts";
import { Failure } from "../../../kernel/failure.ts";
import { columnHolds, searchOf } from "./search.ts";

const base: Exchange = {
  id: "ex_019bd1f2c4007000800000000000abcd",
  number: 1,
  workspace: "ws_1",
  environment: "production",
  bucket: "shop",
  plane: "traffic",
  kind: "request",
  subject: "bkt_1",
  parent: null,
  trace: null,
  startedAt: 0,
  durationMs: 120.5,
  method: "POST",
  host: "api.example.com",
  path: "/orders/7?page=2",
  route: "/orders/{id}",
  status: 503,
  outcome: "answered",
  attempt: null,
  error: null,
  ending: null,
  receivedAt: 0,
  facts: { userAgent: "shop-ios/5.2", ip: "203.0.113.9", message: "the stock is locked", requestBytes: 12 },
  request: {
    headers: [["X-Tenant", "acme"]],
    body: { bytes: Buffer.from('{"coupon":"SUMMER"}'), size: 19, sha256: "", truncated: false },
  },
  response: {
    headers: [["Retry-After", "5"]],
    body: { bytes: Buffer.from("locked"), size: 6, sha256: "", truncated: false },
  },
};

function finds(query: string, exchange: Exchange = base): boolean {
  const { condition, rest } = searchOf(query);
  const byColumns = condition === undefined || columnHolds(condition, exchange);
  return byColumns && (rest === undefined || rest(exchange));
}

const unanswered: Exchange = { ...base, status: null, outcome: "failed", response: null };

describe("a query finds", () => {
  for (const query of [
    "status:503",
    "status:5xx",
    "status:500..510",
    "status>=500 status<504",
    "status!=404",
    "method:post",
    "path:/orders/*",
    'route:"/orders/{id}"',
    "duration>120 AND duration<121",
    "duration:100..200",
    "userAgent:shop-ios*",
    "NOT userAgent:*android*",
    "-status:4xx",
    "(status:404 OR status:503) AND host:API.example.com",
    "status:404 OR status:503 method:POST",
    "stock",
    '"is locked"',
    "requestBytes>10",
    "header.x-tenant:acme",
    "requestHeader.X-Tenant:ac*",
    "responseHeader.retry-after=5",
    "body:SUMMER",
    "responseBody:locked AND NOT requestBody:locked",
    "status:404 OR body:SUMMER",
    "environment:production bucket:shop kind:request",
    "error!=timeout",
    '"or" "/orders" NOT constructor',
    "status:404 or status:503",
    "Not status:404 And status:503",
    "status :503",
    "duration > 120 AND duration < 121",
    "duration:>120",
    "status:<=503",
    "path:/orders/7",
    "path:/orders/7?page=2",
    'path:"/orders/{id}"',
    "path!=/orders",
  ])
    test(query, () => assert.ok(finds(query)));
});

describe("a query does not find", () => {
  for (const query of [
    "status:200",
    "status:4xx",
    "NOT status:5xx",
    "status>503",
    "duration<100",
    "path:/orders",
    "path!=/orders/7",
    "path:or",
    '"path~orders"',
    "userAgent:*bot*",
    "body:WINTER",
    "NOT body:SUMMER",
    "status:503 AND NOT (method:POST OR method:PUT)",
    "header.x-other:*",
  ])
    test(query, () => assert.ok(!finds(query)));
});

test("what was not answered has no status: it is neither above nor below anything", () => {
  assert.ok(finds("status:none", unanswered));
  assert.ok(finds("NOT status:5xx", unanswered));
  for (const query of ["status>0", "status<600", "status:5xx", "status>=100"])
    assert.ok(!finds(query, unanswered), query);
});

describe("what cannot be read is refused at its character", () => {
  for (const [query, at] of [
    ["status:5xx AND", 15],
    ["(status:500", 1],
    ["status:500)", 11],
    ["OR status:500", 1],
    ['path:"/orders', 6],
    ["colour:red", 1],
    ["status>=5xx", 7],
    ["duration:fast", 10],
    ["method>POST", 7],
    ["body>5", 5],
    ["duration:>fast", 11],
    ["status:5xx path: AND", 18],
    ["and", 1],
    ["path~orders", 5],
    ["status:", 8],
    ["-".repeat(30) + "a", 21],
    ["a ".repeat(101), 201],
  ] as const)
    test(query.slice(0, 40), () => {
      assert.throws(
        () => searchOf(query),
        (error: unknown) => {
          assert.ok(error instanceof Failure);
          assert.equal(error.kind, "invalid");
          assert.equal(error.detail.pointer, "/query");
          assert.match(error.message, new RegExp(`at character ${at}:`));
          return true;
        },
      );
    });
});

type Said = { readonly text: string; readonly holds: (exchange: Exchange) => boolean };

const terms: readonly Said[] = [
  { text: "status:5xx", holds: ({ status }) => status !== null && status >= 500 },
  { text: "method:POST", holds: ({ method }) => method === "POST" },
  { text: "body:SUMMER", holds: ({ request }) => Buffer.from(request.body?.bytes ?? []).includes("SUMMER") },
  { text: "duration>100", holds: ({ durationMs }) => durationMs > 100 },
  { text: "header.x-tenant:acme", holds: ({ request }) => request.headers.length > 0 },
];

const said = fc.letrec<{ one: Said }>((tie) => ({
  one: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(...terms),
    tie("one").map(({ text, holds }) => ({ text: `NOT (${text})`, holds: (it: Exchange) => !holds(it) })),
    fc.tuple(tie("one"), tie("one")).map(([a, b]) => ({
      text: `(${a.text}) AND (${b.text})`,
      holds: (it: Exchange) => a.holds(it) && b.holds(it),
    })),
    fc.tuple(tie("one"), tie("one")).map(([a, b]) => ({
      text: `(${a.text}) OR (${b.text})`,
      holds: (it: Exchange) => a.holds(it) || b.holds(it),
    })),
  ),
})).one;

test("AND, OR and NOT mean what they say, whatever they join", () => {
  const exchanges = fc.record({
    status: fc.constantFrom(200, 503, null),
    method: fc.constantFrom("GET", "POST"),
    durationMs: fc.constantFrom(50, 120.5),
    request: fc.constantFrom(base.request, { headers: [], body: null }),
  });
  fc.assert(
    fc.property(said, exchanges, ({ text, holds }, changed) => {
      fc.pre(text.length <= 1_000 && text.split(" ").length < 60);
      const exchange = { ...base, ...changed };
      assert.equal(finds(text, exchange), holds(exchange), text);
    }),
    { numRuns: 1_000 },
  );
});

test("no text makes it fail otherwise than by saying what is wrong", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      try {
        searchOf(text);
      } catch (error) {
        assert.ok(error instanceof Failure, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});
