import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { compose, type Sluice } from "../src/compose.ts";
import { config } from "../src/config.ts";
import { cursorOf } from "../src/kernel/page.ts";
import { storedRows } from "./stored-rows.ts";

/** A server as people run it, over real connections, and what was made in it before the first test. */
let sluice: Sluice;
let folder: string;
let key: string;
let readers: readonly DatabaseSync[];
const log: string[] = [];
const made = {
  live: "",
  gone: "",
  listCursor: "",
  logsCursor: "",
  revoked: "",
  expired: "",
  foreign: "ep_0000000000000000000000",
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-bad-input-"));
  sluice = await compose({
    config: config({
      SLUICE_PORT: "0",
      SLUICE_DATA_DIR: folder,
      SLUICE_INGEST_RATE: "0",
      SLUICE_API_RATE: "0",
    }),
    version: "test",
    log: (line) => void log.push(line),
  });
  key = sluice.first!.key.reveal();
  const create = async (name: string) =>
    okay(await rest("POST", "/endpoints", json({ name, targetUrl: sluice.echoUrl })));
  made.live = String((await create("orders"))["id"]);
  made.gone = String((await create("gone"))["id"]);
  await create("shop");
  await rest("DELETE", `/endpoints/${made.gone}`);
  made.listCursor = String(okay(await rest("GET", "/endpoints?limit=1"))["nextCursor"]);
  for (let n = 0; n < 2; n++) okay(await rest("POST", `/endpoints/${made.live}/test`, json({})));
  made.logsCursor = String(okay(await rest("GET", `/endpoints/${made.live}/logs?limit=1`))["nextCursor"]);
  const spare = okay(await rest("POST", "/api-keys", json({ name: "lost" })));
  made.revoked = String(spare["secret"]);
  okay(await rest("DELETE", `/credentials/${String(spare["id"])}`));
  made.expired = String(okay(await rest("POST", "/api-keys", json({ name: "old" })))["secret"]);
  const store = new DatabaseSync(join(folder, "store.db"));
  store.exec(
    "update record set value = json_set(value, '$.expiresAt', 1) where value ->> 'name' = 'old' and kind = 'credential'",
  );
  store.close();
  readers = ["store.db", "traffic.db", "counters.db"].map(
    (name) => new DatabaseSync(join(folder, name), { readOnly: true }),
  );
});
after(async () => {
  for (const reader of readers) reader.close();
  await sluice.close();
  await rm(folder, { recursive: true });
});

const counts = () => storedRows(readers);

type Said = { readonly status: number; readonly json: Readonly<Record<string, unknown>> };
type Bytes = Uint8Array<ArrayBuffer>;

async function rest(
  method: string,
  path: string,
  body?: string | Bytes,
  headers: Record<string, string> = {},
): Promise<Said> {
  const response = await fetch(`${sluice.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    ...(body !== undefined && { body }),
  });
  return { status: response.status, json: Members.parse(await response.json()) };
}

async function rpc(body: string | Bytes, headers: Record<string, string> = {}): Promise<Said> {
  const response = await fetch(`${sluice.url}/api/mcp`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers },
    body,
  });
  return { status: response.status, json: Members.parse(await response.json()) };
}

const Members = z.record(z.string(), z.unknown());
const json = (value: unknown): string => JSON.stringify(value);

function okay({ status, json: members }: Said): Readonly<Record<string, unknown>> {
  assert.equal(status, 200, json(members));
  return members;
}

/** What both surfaces say of a failure, in one form. */
type Told = {
  readonly code: string;
  readonly message: string;
  readonly pointer: string | undefined;
  readonly allowed: unknown;
  readonly hint: unknown;
};

function toldByRest({ status, json: problem }: Said): Told {
  assert.ok(status >= 400 && status < 500, json(problem));
  const { code, detail, pointer, allowed, hint } = z
    .looseObject({ code: z.string(), detail: z.string(), pointer: z.string().optional() })
    .parse(problem);
  return { code, message: detail, pointer, allowed, hint };
}

async function toldByMcp(name: string, input: string): Promise<Told> {
  const call = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${input}}}`;
  const { result } = z
    .object({
      result: z.object({ isError: z.literal(true), content: z.array(z.object({ text: z.string() })) }),
    })
    .parse((await rpc(call)).json);
  const { code, message, field, allowed, hint } = z
    .looseObject({ code: z.string(), message: z.string(), field: z.string().optional() })
    .parse(JSON.parse(result.content[0]!.text));
  return { code, message, pointer: field, allowed, hint };
}

type Case = {
  readonly name: string;
  /** The operation as MCP and as REST know it; path parameters stand in the path. */
  readonly tool: string;
  readonly at: () => readonly [method: string, path: string];
  /** JSON text, since some of it cannot be written otherwise. */
  readonly input: () => string;
  readonly code?: string;
  readonly pointer: string;
  readonly says: RegExp;
  readonly allows?: RegExp;
  readonly hints?: RegExp;
};

const create = { tool: "create_endpoint", at: () => ["POST", "/endpoints"] as const };
const update = { tool: "update_endpoint", at: () => ["PATCH", `/endpoints/${made.live}`] as const };
const orders = { name: "orders", targetUrl: "https://93.184.215.14/hooks" };

function creating(name: string, input: object | string, pointer: string, says: RegExp): Case {
  const text = typeof input === "string" ? input : json({ ...orders, ...input });
  return { ...create, name, input: () => text, pointer, says };
}

function target(name: string, url: string, says: RegExp): Case {
  return creating(name, { targetUrl: url }, "/targetUrl", says);
}

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);

const cases: readonly Case[] = [
  creating(
    "a number where text is wanted",
    { name: 7 },
    "/name",
    /^"name": expected string, received number\.$/,
  ),
  creating(
    "text where a number is wanted",
    { timeoutSeconds: "soon" },
    "/timeoutSeconds",
    /expected number, received string/,
  ),
  creating(
    "text where an object is wanted",
    { verification: "none" },
    "/verification",
    /expected object, received string/,
  ),
  creating(
    "an array where an object is wanted",
    { verification: [] },
    "/verification",
    /expected object, received array/,
  ),
  creating("null where text is wanted", { name: null }, "/name", /expected string, received null/),
  creating("an object where text is wanted", { slug: { a: 1 } }, "/slug", /expected string, received object/),
  {
    ...creating("a field that is missing", '{"name":"orders"}', "/targetUrl", /^"targetUrl": is required\.$/),
    hints: /targetUrl/,
  },
  {
    ...creating(
      "a misspelt field",
      { targetURL: "https://example.com" },
      "/targetURL",
      /^Unknown field "targetURL"\.$/,
    ),
    allows: /targetUrl/,
    hints: /^Did you mean "targetUrl"\?$/,
  },
  creating("a field whose name has two lines", { "a\nb": 1 }, "/a\nb", /^Unknown field "a\\nb"\.$/),
  creating("a number beyond its range", { timeoutSeconds: 1e9 }, "/timeoutSeconds", /<=120/),
  creating("a number below its range", { maxAttempts: -1 }, "/maxAttempts", />=1/),
  creating("a number that is not whole", { maxAttempts: 1.5 }, "/maxAttempts", /int/),
  creating(
    "a number that no computer counts to",
    '{"name":"a","targetUrl":"https://93.184.215.14/","bodyBytesMax":1e400}',
    "/bodyBytesMax",
    /number/,
  ),
  creating("a number past the last exact one", { bodyBytesMax: 2 ** 60 }, "/bodyBytesMax", /./),
  creating("text that is too long", { name: "a".repeat(101) }, "/name", /<=100 characters/),
  creating("text that is much too long", { name: "a".repeat(1_000_000) }, "/name", /<=100 characters/),
  creating("text of white space", { name: " \t\n" }, "/name", />=1 character/),
  creating(
    "half of a surrogate pair",
    '{"name":"\\ud800","targetUrl":"https://93.184.215.14/"}',
    "/name",
    /half of a surrogate pair/,
  ),
  creating(
    "the name of a prototype",
    '{"__proto__":{"admin":true},"name":"a","targetUrl":"https://93.184.215.14/"}',
    "/__proto__",
    /__proto__/,
  ),
  creating(
    "the name of a constructor",
    '{"constructor":{},"name":"a","targetUrl":"https://93.184.215.14/"}',
    "/constructor",
    /Unknown field "constructor"/,
  ),
  {
    name: "the name of a prototype in a payload",
    tool: "send_test",
    at: () => ["POST", `/endpoints/${made.live}/test`],
    input: () => '{"payload":{"a":{"__proto__":1}}}',
    pointer: "/payload/a/__proto__",
    says: /__proto__/,
  },
  creating(
    "a slug with spaces and capitals",
    { slug: "My Orders" },
    "/slug",
    /lowercase letters, digits and single dashes/,
  ),
  {
    ...creating(
      "a provider that there is not",
      { provider: "paypal" },
      "/provider",
      /no preset for "paypal"/,
    ),
    allows: /stripe.*custom/,
    hints: /custom/,
  },
  {
    ...creating(
      "an algorithm that there is not",
      { provider: "custom", verification: { scheme: { algorithm: "md5" } } },
      "/verification/scheme/algorithm",
      /./,
    ),
    allows: /hmac-sha256/,
  },
  target("a target at a private address", "http://10.1.2.3/", /not allowed: 10\.1\.2\.3 is/),
  target("a target at loopback", "http://127.0.0.1:3000/", /not allowed: 127\.0\.0\.1 is/),
  target("a target at loopback, written as a number", "http://2130706433/", /not allowed/),
  target("a target at loopback in IPv6", "http://[::1]/", /not allowed/),
  target("a target at loopback, mapped", "http://[::ffff:127.0.0.1]/", /not allowed/),
  target("a target at a cloud's metadata", "http://169.254.169.254/latest/", /not allowed/),
  target(
    "a target by a name of the inner network",
    "http://localhost/",
    /not allowed: "localhost" is a name of an inner network/,
  ),
  target("a target whose name leads nowhere", "https://nowhere.invalid/", /not allowed/),
  target("a target with a password", "https://me:fake@example.com/", /user name or password/),
  target("a target at a database", "http://93.184.215.14:5432/", /Port 5432/),
  target("a target at a port that there is not", "https://example.com:99999/", /not an absolute URL/),
  target("a target over another protocol", "ftp://example.com/", /"ftp:" is not http or https/),
  target("a target that runs in browsers", "javascript:alert(1)", /not http or https/),
  target("a target without a protocol", "example.com/hooks", /not an absolute URL/),
  target("a target that is no URL", "https://", /not an absolute URL/),
  target("a target that is this server", "http://0.0.0.0/", /not allowed/),
  {
    ...update,
    name: "a change of nothing",
    input: () => json({}),
    pointer: "",
    says: /^Nothing to change was given\.$/,
    hints: /name, targetUrl, isActive/,
  },
  {
    ...update,
    name: "a version that is not the present one",
    input: () => json({ name: "shop", expectedVersion: 9 }),
    code: "conflict",
    pointer: "/expectedVersion",
    says: /is at version 1, not 9/,
    hints: /Read it again/,
  },
  ...(["gone", "foreign"] as const).map((which): Case => ({
    name: which === "gone" ? "a deleted endpoint" : "an endpoint that is none of ours",
    tool: "update_endpoint",
    at: () => ["PATCH", `/endpoints/${made[which]}`],
    input: () => json({ name: "shop" }),
    code: "not_found",
    pointer: "/endpointId",
    says: /^No endpoint "ep_/,
    hints: /list_endpoints/,
  })),
  {
    ...create,
    name: "another workspace",
    input: () => json({ ...orders, workspaceId: "ws_0000000000000000000000" }),
    code: "not_found",
    pointer: "/workspaceId",
    says: /No such workspace/,
  },
];

/** Over MCP what stands in the path is an argument like any other. */
function withPath({ tool, at, input }: Case): string {
  const [, path] = at();
  const id = /^\/endpoints\/([^/]+)/.exec(path)?.[1];
  const text = input();
  if (id === undefined || tool === "create_endpoint") return text;
  return `{"endpointId":${json(id)}${text === "{}" ? "" : ","}${text.slice(1)}`;
}

describe("bad input gets a clear error, and nothing is half-written", () => {
  for (const it of cases)
    test(it.name, async () => {
      const earlier = counts();
      const [method, path] = it.at();
      const overRest = toldByRest(await rest(method, path, it.input()));
      const overMcp = await toldByMcp(it.tool, withPath(it));
      for (const told of [overRest, overMcp]) {
        assert.equal(told.code, it.code ?? "invalid");
        assert.equal(told.pointer, it.pointer);
        assert.match(told.message, it.says);
        assert.match(told.message, /^[^\n]{5,500}[.?]$/);
        if (it.allows !== undefined) assert.match(json(told.allowed), it.allows);
        if (it.hints !== undefined) assert.match(String(told.hint), it.hints);
      }
      assert.equal(overMcp.message, overRest.message);
      assert.ok(String(overMcp.hint).length > 5);
      assert.deepEqual(counts(), earlier);
    });

  test("several problems are told at once, each with its place", async () => {
    const { json: problem } = await rest(
      "POST",
      "/endpoints",
      json({ name: "", timeoutSeconds: 0, colour: 1 }),
    );
    const pointers = (problem["errors"] as { pointer: string }[]).map(({ pointer }) => pointer);
    assert.deepEqual(new Set(pointers), new Set(["/name", "/targetUrl", "/timeoutSeconds", "/colour"]));
  });
});

describe("a request that cannot be read is told where it breaks", () => {
  const bodies: readonly (readonly [name: string, body: string | Bytes, status: number, says: RegExp])[] = [
    [
      "malformed JSON",
      '{"name": orders}',
      400,
      /Malformed JSON at line 1, column 10 \(position 9\): found "o"/,
    ],
    ["JSON that ends too soon", '{"name":', 400, /found the end/],
    ["more than JSON", "{} {}", 400, /position 3/],
    ["invalid UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 400, /UTF-8/],
    ["an array where an object is wanted", "[]", 400, /JSON object|JSON-RPC|Batches/],
    ["text where an object is wanted", '"orders"', 400, /JSON object|JSON-RPC/],
    ["very deep JSON", nested(100_000), 400, /JSON object|JSON-RPC|Batches/],
    ["more than 4 MiB", `{"name":"${"a".repeat(4 * 1024 * 1024)}"}`, 413, /larger than 4194304 bytes/],
  ];
  for (const [name, body, status, says] of bodies)
    test(name, async () => {
      const earlier = counts();
      const overRest = await rest("POST", "/endpoints", body);
      assert.equal(overRest.status, status);
      assert.match(String(overRest.json["detail"]), says);
      const overMcp = await rpc(body);
      assert.equal(overMcp.status, status);
      assert.match(
        z.object({ error: z.object({ message: z.string() }) }).parse(overMcp.json).error.message,
        says,
      );
      assert.deepEqual(counts(), earlier);
    });

  test("JSON that is nested within a field", async () => {
    const input = `{"payload":${nested(5_000)}}`;
    const overRest = toldByRest(await rest("POST", `/endpoints/${made.live}/test`, input));
    const overMcp = await toldByMcp("send_test", `{"endpointId":"${made.live}",${input.slice(1)}`);
    for (const { code, message, pointer } of [overRest, overMcp]) {
      assert.equal(code, "invalid");
      assert.equal(message, "Nested more than 64 levels deep.");
      assert.match(pointer ?? "", /^\/payload\/0\/0/);
    }
  });
});

describe("a cursor is one that this list issued", () => {
  const cursors: readonly (readonly [name: string, cursor: () => string])[] = [
    ["random text", () => "page-2"],
    ["nothing", () => ""],
    ["base64 of no JSON", () => Buffer.from("{{{").toString("base64url")],
    ["the form of another list", () => cursorOf({ id: made.live })],
    ["a key of other kinds", () => cursorOf({ startedAt: "1", createdAt: "1", id: 7 })],
    ["a number past the last exact one", () => cursorOf({ startedAt: 1e300, createdAt: 1e300, id: "a" })],
  ];
  for (const [name, cursor] of cursors)
    test(name, async () => {
      for (const path of ["/endpoints", `/endpoints/${made.live}/logs`]) {
        const told = toldByRest(await rest("GET", `${path}?cursor=${encodeURIComponent(cursor())}`));
        assert.deepEqual(
          { ...told, allowed: undefined },
          {
            code: "invalid",
            message: "This cursor was not issued by this list.",
            pointer: "/cursor",
            allowed: undefined,
            hint: "Pass nextCursor of the previous page unchanged, or leave cursor out to start again.",
          },
        );
      }
      const overMcp = await toldByMcp("list_endpoints", json({ cursor: cursor() }));
      assert.equal(overMcp.pointer, "/cursor");
    });

  test("that of another list", async () => {
    assert.notEqual(made.listCursor, "null");
    assert.notEqual(made.logsCursor, "null");
    okay(await rest("GET", `/endpoints?cursor=${made.listCursor}`));
    okay(await rest("GET", `/endpoints/${made.live}/logs?cursor=${made.logsCursor}`));
    for (const path of [
      `/endpoints?cursor=${made.logsCursor}`,
      `/endpoints/${made.live}/logs?cursor=${made.listCursor}`,
    ])
      assert.equal(toldByRest(await rest("GET", path)).pointer, "/cursor");
  });

  test("a huge one", async () => {
    const told = toldByRest(await rest("GET", `/endpoints?cursor=${"a".repeat(5_000)}`));
    assert.equal(told.pointer, "/cursor");
    assert.match(told.message, /<=500 characters/);
  });
});

describe("a credential that does not do is told apart", () => {
  const mistyped = () => (key.endsWith("0") ? `${key.slice(0, -1)}1` : `${key.slice(0, -1)}0`);
  /** That somebody tried is noted once for all of them. */
  const unaudited = () => [...counts()].filter(([table]) => !String(table).startsWith("audit"));
  const credentials: readonly (readonly [
    name: string,
    header: () => string | undefined,
    says: RegExp,
    hint: RegExp,
  ])[] = [
    ["none", () => undefined, /No credentials were sent/, /Authorization: Bearer mk_/],
    ["an empty one", () => "", /No credentials were sent/, /Authorization: Bearer mk_/],
    ["a placeholder", () => "Bearer ${SLUICE_API_KEY}", /unexpanded placeholder/, /set that variable/],
    ["another scheme", () => `Basic ${key}`, /malformed/, /exactly `Bearer mk_…`/],
    ["no scheme", () => key, /malformed/, /exactly `Bearer mk_…`/],
    ["a space too many", () => `Bearer  ${key}`, /malformed/, /one space/],
    ["something else", () => "Bearer sk_live_fake", /no key and no token/, /52 characters/],
    ["a key that is cut off", () => `Bearer ${key.slice(0, -2)}`, /no API key/, /52 characters/],
    [
      "a management token in the wrong header",
      () => `Bearer mgt_${"0".repeat(49)}`,
      /Authorization/,
      /X-Management-Token/,
    ],
    ["a mistyped key", () => `Bearer ${mistyped()}`, /not known/, /mistyped or cut off/],
    ["an expired key", () => `Bearer ${made.expired}`, /has expired/, /Create a new API key/],
    ["a revoked key", () => `Bearer ${made.revoked}`, /was revoked/, /Create a new API key/],
  ];
  for (const [name, header, says, hint] of credentials)
    test(name, async () => {
      const earlier = unaudited();
      const authorization = header();
      const send = {
        "content-type": "application/json",
        ...(authorization !== undefined && { authorization }),
      };
      const overRest = await fetch(`${sluice.url}/api/v1/endpoints`, { headers: send });
      assert.equal(overRest.status, 401);
      // Only who sent nothing is told where to sign in: a mistyped key would open a browser.
      const metadata = `${sluice.publicUrl}/.well-known/oauth-protected-resource`;
      const challenge = (path: string): string =>
        (authorization ?? "") === "" ? `Bearer resource_metadata="${metadata}${path}"` : "Bearer";
      assert.equal(overRest.headers.get("www-authenticate"), challenge("/api/v1"));
      const problem = Members.parse(await overRest.json());
      assert.match(String(problem["detail"]), says);
      assert.match(String(problem["hint"]), hint);
      const overMcp = await fetch(`${sluice.url}/api/mcp`, {
        method: "POST",
        headers: send,
        body: json({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
      });
      assert.equal(overMcp.status, 401);
      assert.equal(overMcp.headers.get("www-authenticate"), challenge("/api/mcp"));
      const { error } = z
        .object({ error: z.object({ message: z.string(), data: z.object({ hint: z.string() }) }) })
        .parse(await overMcp.json());
      assert.match(error.message, says);
      assert.match(error.data.hint, hint);
      assert.deepEqual(unaudited(), earlier);
    });
});

test("none of it was a fault of the server", () => {
  assert.deepEqual(
    log.filter((line) => !line.startsWith("security: ")),
    [],
  );
});
