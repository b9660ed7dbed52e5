import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import type { Hono } from "hono";
import { Failure } from "../../src/kernel/failure.ts";
import { callRate } from "../../src/registry/call-rate.ts";
import { healthApp } from "../../src/surfaces/rest/health.ts";
import { restApp } from "../../src/surfaces/rest/rest.ts";
import { rootApp } from "../../src/surfaces/rest/root.ts";
import { openWorld, principalOf, type World } from "../world.ts";
import { crateOperations } from "./crates.ts";

let world: World;
let workspace: string;
let app: Hono;
const addresses: string[] = [];
const metadata = 'resource_metadata="https://sluice.example/.well-known/oauth-protected-resource/api/v1"';

before(async () => {
  world = await openWorld();
  workspace = await world.newWorkspace();
  const rest = restApp({
    operations: crateOperations,
    engines: world.engines,
    async authenticate({ authorization, remoteAddress }) {
      addresses.push(remoteAddress);
      if (authorization === "Bearer mk_fake") return principalOf(workspace, "all");
      if (authorization === "Bearer mk_limited")
        throw new Failure("limited", "Too many failed sign-ins.", { retryAfterMs: 1_500 });
      if (authorization === "Bearer mk_mistyped")
        throw new Failure("unauthenticated", "This API key is not known.", { hint: "It is mistyped." });
      if (authorization === "Bearer fake-token-narrow")
        return { ...principalOf(workspace, []), credential: { kind: "oauth", id: "con_fake" } };
      if (authorization === "Bearer mk_narrow") return principalOf(workspace, []);
      throw new Failure("unauthenticated", "No credentials were sent.", {
        hint: "Send a key.",
        signIn: true,
      });
    },
  });
  app = rootApp([rest], world.engines.log);
});
after(() => world.close());

type Body = string | Uint8Array<ArrayBuffer>;
type Sent = {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Body;
};

async function ask(path: string, { headers = {}, ...sent }: Sent = {}) {
  const response = await app.request(
    path,
    { ...sent, headers: { authorization: "Bearer mk_fake", ...headers } },
    { remoteAddress: "127.0.0.9" },
  );
  const text = await response.text();
  const json = JSON.parse(text === "" ? "{}" : text) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, json };
}

function post(path: string, body: Body, headers: Record<string, string> = {}) {
  return ask(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
}

function create(label: string) {
  return post("/api/v1/crates", JSON.stringify({ label }));
}

test("every answer has an id, is not stored by caches and is not sniffed", async () => {
  for (const path of ["/api/v1/crates", "/api/v1/nothing", "/api/v1/drop", "/nothing"]) {
    const { headers } = await ask(path);
    assert.match(headers.get("x-request-id")!, /^req_\w{22}$/);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  }
});

test("a request id of the caller's own is kept, anything odd is replaced", async () => {
  const kept = await ask("/api/v1/nothing", { headers: { "x-request-id": "my-id_1" } });
  assert.equal(kept.headers.get("x-request-id"), "my-id_1");
  assert.equal(kept.json["requestId"], "my-id_1");
  for (const odd of ["a b", "x".repeat(65), "<script>"]) {
    const { headers } = await ask("/api/v1/nothing", { headers: { "x-request-id": odd } });
    assert.match(headers.get("x-request-id")!, /^req_/);
  }
});

test("a failure is a problem with everything a caller needs to put it right", async () => {
  const { status, headers, json } = await post("/api/v1/crates", '{"weight": -1, "lining": "wool"}');
  assert.equal(status, 400);
  assert.equal(headers.get("content-type"), "application/problem+json");
  assert.deepEqual(
    { ...json, requestId: "", detail: "", hint: "" },
    {
      type: "urn:sluice:problem:invalid",
      title: "Invalid input",
      status: 400,
      detail: "",
      code: "invalid",
      requestId: "",
      pointer: "/label",
      hint: "",
      errors: [
        { pointer: "/label", detail: '"label": is required.' },
        { pointer: "/weight", detail: '"weight": Too small: expected number to be >=0.' },
        { pointer: "/lining", detail: '"lining": Invalid option: expected one of "straw"|"foam".' },
      ],
    },
  );
});

test("a caller without a credential is told how to authenticate before anything else is looked at", async () => {
  const { status, headers, json } = await ask("/api/v1/crates", {
    method: "POST",
    body: "{",
    headers: { authorization: "" },
  });
  assert.equal(status, 401);
  assert.equal(headers.get("www-authenticate"), `Bearer ${metadata}`);
  assert.equal(json["hint"], "Send a key.");
  assert.equal(addresses.at(-1), "127.0.0.9");
});

test("a mistyped key is told apart from none, and a token of OAuth that no longer holds too: only that opens a browser", async () => {
  const challenge = async (authorization: string) =>
    (await ask("/api/v1/crates", { headers: { authorization } })).headers.get("www-authenticate");
  assert.equal(await challenge("Bearer mk_mistyped"), "Bearer");
  assert.equal(await challenge("Bearer fake-token-revoked"), `Bearer error="invalid_token", ${metadata}`);
});

test("who signed in by OAuth is asked for the scope that a call needs, and a key is not", async () => {
  const refused = async (authorization: string) => {
    const { status, headers } = await ask("/api/v1/crates", { headers: { authorization } });
    return [status, headers.get("www-authenticate")];
  };
  const step = `Bearer error="insufficient_scope", scope="crates:read", ${metadata}`;
  assert.deepEqual(await refused("Bearer fake-token-narrow"), [403, step]);
  assert.deepEqual(await refused("Bearer mk_narrow"), [403, null]);
});

test("a limited caller is told in whole seconds when to come back", async () => {
  const { status, headers, json } = await ask("/api/v1/crates", {
    headers: { authorization: "Bearer mk_limited" },
  });
  assert.equal(status, 429);
  assert.equal(headers.get("retry-after"), "2");
  assert.equal(json["retryAfterMs"], 1_500);
});

test("a bug shows its id alone, and the log has the stack under that id", async () => {
  const { status, json } = await ask("/api/v1/drop", { headers: { "x-request-id": "bug-1" } });
  assert.equal(status, 500);
  assert.equal(json["code"], "internal");
  assert.equal(json["requestId"], "bug-1");
  assert.doesNotMatch(JSON.stringify(json), /inner reason/);
  assert.match(world.log.at(-1)!, /^bug bug-1: Error: the inner reason\n\s+at /);
});

test("malformed JSON is located by line, column and position", async () => {
  const { status, json } = await post("/api/v1/crates", '{\n  "label": "north",\n}');
  assert.equal(status, 400);
  assert.equal(json["detail"], 'Malformed JSON at line 3, column 1 (position 22): found "}".');
  assert.equal(json["hint"], "Expected a name in double quotes there.");
});

test("a body that is no object, no UTF-8 or no JSON media type is refused as what it is", async () => {
  const array = await post("/api/v1/crates", "[1]");
  assert.deepEqual([array.status, array.json["detail"]], [400, "The body must be a JSON object."]);
  const latin = await post("/api/v1/crates", Buffer.from('{"label":"caf\xe9"}', "latin1"));
  assert.deepEqual([latin.status, latin.json["detail"]], [400, "The body is not UTF-8."]);
  for (const type of [
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=latin1",
  ]) {
    const { status, json } = await post("/api/v1/crates", '{"label":"n"}', { "content-type": type });
    assert.equal(status, 415);
    assert.deepEqual(json["allowed"], ["application/json"]);
  }
  const packed = await post("/api/v1/crates", "x", { "content-encoding": "gzip" });
  assert.deepEqual([packed.status, packed.json["detail"]], [415, "The body is compressed."]);
});

test("a body with a charset of UTF-8 in any spelling is JSON", async () => {
  for (const [i, type] of ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'].entries()) {
    const { status } = await post("/api/v1/crates", `{"label":"charset ${i}"}`, { "content-type": type });
    assert.equal(status, 200);
  }
});

test("an absent body has no fields, and needs no content type", async () => {
  const { status, json } = await ask("/api/v1/crates", { method: "POST" });
  assert.deepEqual([status, json["pointer"]], [400, "/label"]);
});

test("a body above the limit is refused, declared or not", async () => {
  const { status, json } = await post("/api/v1/crates", " ".repeat(4 * 1024 * 1024 + 1));
  assert.deepEqual([status, json["code"]], [413, "too_large"]);
});

test("nesting without end is refused, not overflowed", async () => {
  const depth = 100_000;
  const { status, json } = await post(
    "/api/v1/crates",
    `{"label":"deep","contents":${"[".repeat(depth)}${"]".repeat(depth)}}`,
  );
  assert.equal(status, 400);
  assert.match(String(json["detail"]), /more than 64 levels deep/);
});

test("names of the prototype are unknown fields", async () => {
  for (const name of ["__proto__", "constructor", "toString"]) {
    const body = await post("/api/v1/crates", `{"label":"proto","${name}":{"x":1}}`);
    assert.deepEqual([body.status, body.json["pointer"]], [400, `/${name}`]);
    const query = await ask(`/api/v1/crates?${name}=1`);
    assert.deepEqual([query.status, query.json["pointer"]], [400, `/${name}`]);
  }
});

test("a query is read by the kinds its fields take", async () => {
  const { json } = await ask(
    "/api/v1/crates?limit=5&fragile=true&weights=1.5,%202&labels=a&labels=b,c&order=oldest&near=%7B%22x%22:1,%22y%22:2%7D",
  );
  assert.deepEqual(json["asked"], {
    limit: 5,
    fragile: true,
    weights: [1.5, 2],
    labels: ["a", "b,c"],
    order: "oldest",
    near: { x: 1, y: 2 },
  });
});

test("text that is no value of its field is refused where it is", async () => {
  const wrong = {
    "limit=many": "/limit",
    "limit=": "/limit",
    "limit=0x10": "/limit",
    "limit=1e999": "/limit",
    "fragile=yes": "/fragile",
    "weights=1,x": "/weights/1",
    "weights=[1": "/weights",
    "near={x": "/near",
    "limit=1&limit=2": "/limit",
    "order=none": "/order",
    "limt=1": "/limt",
  };
  for (const [query, pointer] of Object.entries(wrong)) {
    const { status, json } = await ask(`/api/v1/crates?${query}`);
    assert.deepEqual([query, status, json["pointer"]], [query, 400, pointer]);
  }
  const { json } = await ask("/api/v1/crates?limt=1");
  assert.equal(json["hint"], 'Did you mean "limit"?');
});

test("an address that is not UTF-8 is refused instead of repaired", async () => {
  const query = await ask("/api/v1/crates?labels=%ff");
  assert.deepEqual([query.status, query.json["code"]], [400, "invalid"]);
  const path = await ask("/api/v1/crates/%e9");
  assert.deepEqual([path.status, path.json["code"]], [400, "invalid"]);
});

test("a field given twice with different values is refused, with the same value accepted", async () => {
  const { json: crate } = await create("twice");
  const path = `/api/v1/crates/${String(crate["id"])}`;
  const headers = { "content-type": "application/json" };
  const other = await ask(path, { method: "PATCH", body: '{"crateId":"other"}', headers });
  assert.deepEqual([other.status, other.json["pointer"]], [400, "/crateId"]);
  assert.equal(other.json["detail"], '"crateId" differs between the path and the body.');
  const same = await ask(path, { method: "PATCH", body: JSON.stringify({ crateId: crate["id"] }), headers });
  assert.equal(same.status, 200);
  const run = await post("/api/v1/crates?dryRun=true", '{"label":"x","dryRun":false}');
  assert.deepEqual([run.status, run.json["pointer"]], [400, "/dryRun"]);
});

test("the query of a write takes dryRun, and names the place of anything else", async () => {
  const dry = await post("/api/v1/crates?dryRun=true", '{"label":"dry"}');
  assert.equal(dry.json["dryRun"], true);
  assert.equal(dry.headers.get("etag"), null);
  const { json } = await ask("/api/v1/crates?labels=dry&limit=50");
  assert.doesNotMatch(JSON.stringify(json["crates"]), /"dry"/);
  const misplaced = await post("/api/v1/crates?label=x", "{}");
  assert.deepEqual([misplaced.status, misplaced.json["pointer"]], [400, "/label"]);
  assert.match(String(misplaced.json["hint"]), /JSON body/);
});

test("a DELETE takes its fields from the query or a body, and needs neither", async () => {
  for (const [label, query, body] of [
    ["bare", "", undefined],
    ["queried", "?reason=empty", undefined],
    ["bodied", "", '{"reason":"empty"}'],
  ] as const) {
    const { json } = await create(label);
    const { status } = await ask(`/api/v1/crates/${String(json["id"])}${query}`, {
      method: "DELETE",
      ...(body !== undefined && { body, headers: { "content-type": "application/json" } }),
    });
    assert.equal(status, 200);
  }
});

test("the version is an ETag, and If-Match protects against overwriting what changed since", async () => {
  const made = await create("tagged");
  assert.equal(made.headers.get("etag"), '"1"');
  const path = `/api/v1/crates/${String(made.json["id"])}`;
  const patch = (headers: Record<string, string>, body = '{"weight":2}') =>
    ask(path, { method: "PATCH", body, headers: { "content-type": "application/json", ...headers } });
  const first = await patch({ "if-match": '"1"' });
  assert.deepEqual([first.status, first.headers.get("etag")], [200, '"2"']);
  const late = await patch({ "if-match": '"1"' });
  assert.deepEqual([late.status, late.json["pointer"]], [412, "/expectedVersion"]);
  assert.deepEqual([late.json["code"], late.json["status"]], ["conflict", 412]);
  assert.equal((await patch({}, '{"expectedVersion":1}')).status, 409);
  assert.equal((await patch({ "if-match": "*" })).status, 200);
  assert.equal((await patch({ "if-match": "W/x" })).status, 400);
  assert.equal((await patch({ "if-match": '"3"' }, '{"expectedVersion":4}')).status, 400);
  const versionless = await ask(path, { method: "DELETE", headers: { "if-match": '"3"' } });
  assert.equal(versionless.status, 400);
});

test("what is read has an ETag that If-None-Match takes: 304 while nothing of the answer has changed", async () => {
  const { json } = await create("known");
  const path = `/api/v1/crates/${String(json["id"])}`;
  const tag = (await ask(path)).headers.get("etag")!;
  assert.match(tag, /^"1-[\w-]{16}"$/);
  for (const named of [tag, `W/${tag}`, `"other", ${tag}`, "*"]) {
    const { status, headers, json: nothing } = await ask(path, { headers: { "if-none-match": named } });
    assert.deepEqual([status, headers.get("etag"), nothing], [304, tag, {}]);
  }
  const patched = await ask(path, {
    method: "PATCH",
    body: '{"weight":2}',
    headers: { "content-type": "application/json", "if-match": tag },
  });
  assert.equal(patched.headers.get("etag"), '"2"');
  assert.equal((await ask(path, { headers: { "if-none-match": tag } })).status, 200);
});

test("an answer without a version has no ETag, and If-None-Match changes nothing about it", async () => {
  const { status, headers } = await ask("/api/v1/crates/count", { headers: { "if-none-match": "*" } });
  assert.deepEqual([status, headers.get("etag")], [200, null]);
});

test("If-None-Match on a write is refused, since nothing would heed it", async () => {
  const { status, json } = await post("/api/v1/crates", '{"label":"never"}', { "if-none-match": "*" });
  assert.deepEqual([status, json["detail"]], [400, "If-None-Match is understood by GET alone."]);
});

test("every answer to a known credential says how many calls are left, problems too, and one too many is 429", async () => {
  const rest = restApp({
    operations: crateOperations,
    engines: world.engines,
    authenticate: async () => ({
      ...principalOf(workspace, "all"),
      credential: { kind: "api-key", id: "key_counted" },
    }),
    rate: callRate(3, world.engines),
  });
  const call = (path: string) => rest.request(path, { headers: { authorization: "Bearer mk_fake" } });
  const told = ({ status, headers }: Response) => [status, headers.get("ratelimit")];
  world.clock.advance(60_000 - (world.clock.now() % 60_000) + 20_500);
  assert.deepEqual(told(await call("/api/v1/crates/count")), [200, '"default";r=2;t=40']);
  assert.deepEqual(told(await call("/api/v1/crates?limt=1")), [400, '"default";r=1;t=40']);
  assert.deepEqual(told(await call("/api/v1/drop")), [500, '"default";r=0;t=40']);
  const refused = await call("/api/v1/crates/count");
  assert.deepEqual(told(refused), [429, '"default";r=0;t=40']);
  assert.equal(refused.headers.get("ratelimit-policy"), '"default";q=3;w=60');
  assert.equal(refused.headers.get("retry-after"), "40");
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  world.clock.advance(40_000);
  assert.deepEqual(told(await call("/api/v1/crates/count")), [200, '"default";r=2;t=60']);
});

test("the same idempotency key with the same input answers as the first time, with another it conflicts", async () => {
  const headers = { "idempotency-key": "key-1" };
  const first = await post("/api/v1/crates", '{"label":"once"}', headers);
  const again = await post("/api/v1/crates", '{"label":"once"}', headers);
  assert.equal(first.status, 200);
  assert.deepEqual(again.json, first.json);
  const other = await post("/api/v1/crates", '{"label":"other"}', headers);
  assert.equal(other.status, 409);
});

test("a call of the command line is audited as one", async () => {
  await post("/api/v1/crates", '{"label":"by hand"}', { "user-agent": "curl/8" });
  await post("/api/v1/crates", '{"label":"by cli"}', { "user-agent": "sluice-cli/0.1.0" });
  const [cli, rest] = await world.engines.store.audit.list(workspace, { limit: 2 });
  assert.deepEqual([cli?.detail["surface"], rest?.detail["surface"]], ["cli", "rest"]);
});

test("a fixed path is not taken for a parameter", async () => {
  const { status, json } = await ask("/api/v1/crates/count");
  assert.equal(status, 200);
  assert.equal(typeof json["count"], "number");
});

test("HEAD answers as GET without a body", async () => {
  const response = await app.request("/api/v1/crates", {
    method: "HEAD",
    headers: { authorization: "Bearer mk_fake" },
  });
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "");
});

test("another verb on a known path is 405 and names those allowed", async () => {
  const { status, headers, json } = await ask("/api/v1/crates", { method: "PUT" });
  assert.equal(status, 405);
  assert.equal(headers.get("allow"), "POST, GET, HEAD");
  assert.equal(json["hint"], "POST is create_crate; GET is list_crates.");
});

test("an unknown path is 404 and names the one that was likely meant", async () => {
  const cases = {
    "/api/v1/crate": "Did you mean POST /api/v1/crates? /openapi.json lists every path.",
    "/api/v1/Crates": "Did you mean POST /api/v1/crates? /openapi.json lists every path.",
    "/api/v1/crates/": "Did you mean POST /api/v1/crates? /openapi.json lists every path.",
    "/api/v1/crates/cr_1/shp":
      "Did you mean POST /api/v1/crates/{crateId}/ship? /openapi.json lists every path.",
    "/api/v1/something/else": "/openapi.json lists every path.",
    "/api/v1": "/openapi.json lists every path.",
  };
  for (const [path, hint] of Object.entries(cases)) {
    const { status, json } = await ask(path);
    assert.deepEqual([path, status, json["code"], json["hint"]], [path, 404, "not_found", hint]);
  }
});

test("outside of the API the root names the addresses and everything else is a problem", async () => {
  const root = await app.request("/");
  assert.equal(root.status, 200);
  assert.match(await root.text(), /\/api\/mcp/);
  const { status, headers, json } = await ask("/elsewhere");
  assert.equal(status, 404);
  assert.equal(headers.get("content-type"), "application/problem+json");
  for (const path of ["/api/v1", "/api/mcp", "/openapi.json"]) assert.ok(String(json["hint"]).includes(path));
});

test("a bug outside of the API is logged and answered like one inside", async () => {
  const broken = rootApp(
    [healthApp({ ready: async () => [], metrics: () => Promise.reject(new Error("no figures")) })],
    world.engines.log,
  );
  const response = await broken.request("/metrics");
  assert.equal(response.status, 500);
  assert.match(world.log.at(-1)!, /Error: no figures/);
});

test("health is always well, readiness is well when every part is, metrics are Prometheus text", async () => {
  let ok = true;
  const health = healthApp({
    ready: async () => [
      { name: "store", ok: true, detail: "works" },
      { name: "journal", ok, detail: "disk is full" },
    ],
    metrics: async () => "up 1\n",
  });
  assert.deepEqual(await (await health.request("/healthz")).json(), { ok: true });
  assert.equal((await health.request("/readyz")).status, 200);
  ok = false;
  assert.equal((await health.request("/healthz")).status, 200);
  const unready = await health.request("/readyz");
  assert.equal(unready.status, 503);
  assert.deepEqual(await unready.json(), {
    ok: false,
    checks: [
      { name: "store", ok: true, detail: "works" },
      { name: "journal", ok: false, detail: "disk is full" },
    ],
  });
  const metrics = await health.request("/metrics");
  assert.match(metrics.headers.get("content-type")!, /^text\/plain; version=0\.0\.4/);
  assert.equal(await metrics.text(), "up 1\n");
});

const jsonText = fc.json({ maxDepth: 6 });
const member = fc.constantFrom(
  "label",
  "note",
  "weight",
  "fragile",
  "tags",
  "codes",
  "contents",
  "seal",
  "dryRun",
);
const nearlyRight = fc
  .dictionary(fc.oneof(member, fc.string()), fc.jsonValue({ maxDepth: 3 }))
  .map((it) => JSON.stringify(it));

test("no body makes a bug", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(nearlyRight, jsonText, fc.string({ unit: "binary" }), fc.uint8Array()),
      fc.constantFrom("POST /api/v1/crates", "PATCH /api/v1/crates/x", "DELETE /api/v1/crates/x"),
      async (body, target) => {
        const [method = "", path = ""] = target.split(" ");
        const headers = { "content-type": "application/json" };
        const { status } = await ask(path, { method, body: Buffer.from(body as string), headers });
        assert.notEqual(status, 500);
      },
    ),
    { numRuns: 500 },
  );
});

test("no query makes a bug", async () => {
  const name = fc.oneof(
    fc.constantFrom("limit", "labels", "weights", "fragile", "order", "near", "workspaceId", "dryRun"),
    fc.string(),
  );
  const value = fc.oneof(
    jsonText,
    fc.string({ unit: "binary" }),
    fc.constantFrom("-0", "1e400", "[", "{", ",", "null"),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(name, value), { maxLength: 6 }), async (pairs) => {
      const { status } = await ask(`/api/v1/crates?${new URLSearchParams(pairs).toString()}`);
      assert.notEqual(status, 500);
    }),
    { numRuns: 500 },
  );
});

test("no path makes a bug", async () => {
  await fc.assert(
    fc.asyncProperty(fc.webPath(), fc.string({ unit: "binary" }), async (path, id) => {
      assert.notEqual((await ask(`/api/v1${path}`)).status, 500);
      assert.notEqual((await ask(`/api/v1/crates/${encodeURIComponent(id.toWellFormed())}`)).status, 500);
    }),
    { numRuns: 300 },
  );
});
