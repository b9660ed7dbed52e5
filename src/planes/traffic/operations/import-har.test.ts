import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { dryRunLeavesNothing, scenarios } from "../../../../test/scenario.ts";
import { callerOf, openWorld, principalOf, type World } from "../../../../test/world.ts";
import { invoke, type Output } from "../../../registry/invoke.ts";
import { archiveOf } from "../har/archive.ts";
import { importHar } from "./import-har.ts";

type Made = {
  readonly url?: string;
  readonly request?: object;
  readonly response?: object;
  readonly [other: string]: unknown;
};

/** As the network panel of Chromium writes one. */
function entry({
  url = "https://api.example.com/users/7?full=1",
  request = {},
  response = {},
  ...more
}: Made = {}) {
  return {
    startedDateTime: "2026-11-20T11:59:00.250Z",
    time: 12.5,
    request: {
      method: "GET",
      url,
      httpVersion: "h2",
      headers: [],
      cookies: [],
      queryString: [],
      headersSize: -1,
      bodySize: 0,
      ...request,
    },
    response: {
      status: 200,
      statusText: "",
      headers: [],
      cookies: [],
      content: { size: 0, mimeType: "" },
      redirectURL: "",
      headersSize: -1,
      bodySize: -1,
      ...response,
    },
    cache: {},
    timings: { blocked: -1, dns: -1, connect: -1, send: 1, wait: 2, receive: 3 },
    ...more,
  };
}

function har(...entries: readonly unknown[]) {
  return {
    log: { version: "1.2", creator: { name: "WebInspector", version: "537.36" }, pages: [], entries },
  };
}

function recordOf(made: Made) {
  const [first] = archiveOf(har(entry(made))).entries;
  assert.ok(first !== undefined && "record" in first, JSON.stringify(first));
  return first.record;
}

const scope = "traffic:capture" as const;
/** The receipt and one record; the key of tokens is made when the first is redacted. */
const one = { audit: 1, exchange: 2, history: 1, summary: 1, "token-key": 1, used: 1 };

scenarios(importHar, [
  {
    name: "stores what is in an archive",
    scopes: [scope],
    input: { har: har(entry(), entry({ url: "data:image/png;base64,AAAA" })) },
    gives: {
      stored: 1,
      alreadyThere: 0,
      leftOut: 0,
      refusedInAll: 1,
      refused: [
        { pointer: "/har/log/entries/1/request/url", message: "A data: URL is no request over HTTP." },
      ],
      environment: "production",
      bucket: "default",
      from: "2026-11-20T11:59:00.250Z",
      to: "2026-11-20T11:59:00.250Z",
    },
    leaves: one,
  },
  {
    name: "an archive may be text, with a byte order mark as some write it",
    scopes: [scope],
    input: { har: `\ufeff${JSON.stringify(har(entry()))}`, environment: "staging" },
    gives: { stored: 1, environment: "staging" },
    leaves: one,
  },
  {
    name: "entries that are older than traffic is kept, or ahead of the clock, are told",
    scopes: [scope],
    input: {
      har: har(
        entry({ startedDateTime: "2026-09-01T00:00:00Z" }),
        entry({ startedDateTime: "2027-01-01T00:00:00Z" }),
        entry({ startedDateTime: "+275760-09-13T00:00:00.000Z" }),
      ),
    },
    gives: {
      stored: 0,
      refusedInAll: 3,
      refused: [
        {
          pointer: "/har/log/entries/0/startedDateTime",
          message: "it is older than the 30 days that traffic is kept",
        },
        ...[1, 2].map((n) => ({
          pointer: `/har/log/entries/${n}/startedDateTime`,
          message: "it is over a day ahead of the server's clock",
        })),
      ],
      from: null,
      to: null,
    },
    leaves: { audit: 1, history: 1, "token-key": 1 },
  },
  {
    name: "what is wrong with an entry is named by its own members",
    scopes: [scope],
    input: {
      har: har(
        entry({ time: 1e308 }),
        entry({ request: { method: "G ET" } }),
        entry({ url: `https://${"h".repeat(400)}/` }),
        entry({ response: { status: 600 } }),
        entry({ response: { bodySize: 1e308, content: { size: 1e308 } } }),
      ),
    },
    gives: {
      stored: 1,
      refused: [
        { pointer: "/har/log/entries/0/time" },
        { pointer: "/har/log/entries/1/request/method" },
        { pointer: "/har/log/entries/2/request/url" },
        { pointer: "/har/log/entries/3/response/status" },
      ],
    },
    leaves: one,
  },
  {
    name: "JSON that is no archive",
    scopes: [scope],
    input: { har: { log: {} } },
    fails: { kind: "invalid", pointer: "/har" },
    leaves: {},
  },
  {
    name: "text that is no JSON",
    scopes: [scope],
    input: { har: "<html>" },
    fails: { kind: "invalid", pointer: "/har" },
    leaves: {},
  },
  {
    name: "a bucket that is not there",
    scopes: [scope],
    input: { har: har(), bucket: "nowhere" },
    fails: { kind: "invalid", pointer: "/bucket" },
    leaves: {},
  },
]);

dryRunLeavesNothing(importHar, { input: { har: har(entry()) } });

describe("an archive of a browser", () => {
  test("a request in all its parts", () => {
    const record = recordOf({
      url: "https://user:pass@api.example.com:8443/users/7?full=1#top",
      request: {
        method: "post",
        headers: [
          { name: ":method", value: "POST" },
          { name: ":authority", value: "api.example.com" },
          { name: "Accept", value: "*/*" },
          { name: "traceparent", value: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
        ],
        cookies: [{ name: "session", value: "no-secret" }],
        postData: { mimeType: "application/json", text: '{"a":1}' },
        bodySize: 7,
      },
      response: {
        status: 201,
        headers: [{ name: "content-type", value: "image/png" }],
        content: { size: 3, mimeType: "image/png", encoding: "base64", text: "AP8B" },
        bodySize: 90,
      },
    });
    const { id, request, response, ...rest } = record;
    assert.equal(Number.parseInt(id.slice(0, 12), 16), Date.UTC(2026, 10, 20, 11, 59, 0, 250));
    assert.deepEqual(rest, {
      kind: "request",
      parent: null,
      trace: "0af7651916cd43dd8448eb211c80319c",
      startedAt: Date.UTC(2026, 10, 20, 11, 59, 0, 250),
      durationMs: 12.5,
      method: "POST",
      host: "api.example.com:8443",
      target: "/users/7?full=1",
      route: null,
      status: 201,
      outcome: "answered",
      error: null,
      ip: null,
      weight: 1,
    });
    assert.deepEqual(
      request.headers.map(([name]) => name),
      ["Accept", "traceparent", "content-type"],
    );
    assert.deepEqual(request.body, { base64: btoa('{"a":1}'), size: 7, sha256: "", truncated: false });
    assert.deepEqual(response?.body, { base64: "AP8B", size: 3, sha256: "", truncated: false });
  });

  test("a form, as parameters that are decoded or as they were sent", () => {
    const params = [
      { name: "a b", value: "1&2" },
      { name: "c", value: "%20" },
    ];
    const { request } = recordOf({
      request: { postData: { mimeType: "application/x-www-form-urlencoded", params } },
    });
    assert.ok(request.body !== null && "base64" in request.body);
    assert.equal(atob(request.body.base64), "a%20b=1%262&c=%20");
  });

  test("what was never answered failed, or was taken back", () => {
    const none = { status: 0, statusText: "", content: { size: 0, mimeType: "x-unknown" } };
    const failed = recordOf({ response: { ...none, _error: "net::ERR_CONNECTION_REFUSED" } });
    assert.deepEqual(
      [failed.outcome, failed.status, failed.response, failed.error?.type],
      ["failed", null, null, "net::ERR_CONNECTION_REFUSED"],
    );
    assert.equal(recordOf({ response: { ...none, _error: "net::ERR_ABORTED" } }).outcome, "aborted");
    assert.equal(recordOf({ response: none }).error, null);
  });

  test("a WebSocket is the request that it began with", () => {
    const record = recordOf({
      url: "wss://api.example.com/live",
      response: { status: 101 },
    });
    assert.deepEqual([record.host, record.target, record.status], ["api.example.com", "/live", 101]);
  });

  test("times that are missing are what their parts come to", () => {
    for (const time of [-1, null, undefined]) assert.equal(recordOf({ time }).durationMs, 6);
  });

  test("members of any type are read without harm", () => {
    for (const odd of [null, 7, "x", [], [null], {}]) {
      const entries = [
        odd,
        { request: odd, response: odd },
        entry({ request: { headers: odd, postData: odd }, response: { content: odd, headers: odd } }),
      ];
      for (const it of archiveOf(har(...entries)).entries) assert.ok("record" in it || it.problem !== "");
    }
  });

  test("what nobody reads may be nested as far as JSON is", () => {
    const nested = `${"[".repeat(10_000)}${"]".repeat(10_000)}`;
    const text = JSON.stringify(har(entry({ cache: "far" }))).replace('"far"', nested);
    const [first] = archiveOf(text).entries;
    assert.ok(first !== undefined && "record" in first);
  });

  test("entries that are the same to the letter are told apart", () => {
    const ids = archiveOf(har(entry(), entry())).entries.map((it) => "record" in it && it.record.id);
    assert.equal(new Set(ids).size, 2);
  });
});

describe("an archive that comes again", () => {
  let world: World;
  before(async () => (world = await openWorld()));
  after(() => world.close());

  const imports = (workspace: string, input: object): Promise<Output> =>
    invoke(importHar, input, callerOf(principalOf(workspace, [scope])), world.engines);

  test("is stored once, and one that overlaps adds what is new", async () => {
    const workspace = await world.newWorkspace();
    const other = entry({ url: "https://api.example.com/orders" });
    assert.partialDeepStrictEqual(await imports(workspace, { har: har(entry()) }), {
      stored: 1,
      alreadyThere: 0,
    });
    assert.partialDeepStrictEqual(await imports(workspace, { har: har(entry()) }), {
      stored: 0,
      alreadyThere: 1,
    });
    const more = { har: har(entry(), other) };
    assert.partialDeepStrictEqual(await imports(workspace, { ...more, dryRun: true }), {
      stored: 1,
      alreadyThere: 1,
    });
    assert.partialDeepStrictEqual(await imports(workspace, more), { stored: 1, alreadyThere: 1 });
    const { rows } = await world.engines.ledger.find({
      workspace,
      where: { plane: "traffic", kinds: ["request"] },
      limit: 10,
    });
    assert.equal(rows.length, 2);
  });

  test("is another's in another workspace, bucket or environment", async () => {
    const [first, second] = [await world.newWorkspace(), await world.newWorkspace()];
    for (const [workspace, environment] of [
      [first, "production"],
      [second, "production"],
      [second, "staging"],
    ] as const)
      assert.partialDeepStrictEqual(await imports(workspace, { har: har(entry()), environment }), {
        stored: 1,
      });
  });

  test("what it says is in no audit and no log", async () => {
    const workspace = await world.newWorkspace();
    const headers = [{ name: "Authorization", value: "Bearer canary-of-the-archive" }];
    await imports(workspace, { har: har(entry({ request: { headers } })) });
    assert.ok(!world.dump().includes("canary-of-the-archive"));
    assert.ok(!world.log.join().includes("canary-of-the-archive"));
  });

  test("a credential that is confined imports into its own place", async () => {
    const workspace = await world.newWorkspace();
    const caller = callerOf({ ...principalOf(workspace, [scope]), confines: { environment: "staging" } });
    const made = await invoke(importHar, { har: har(entry()) }, caller, world.engines);
    assert.partialDeepStrictEqual(made, { stored: 1, environment: "staging" });
    await assert.rejects(
      invoke(importHar, { har: har(entry()), environment: "production" }, caller, world.engines),
      {
        kind: "forbidden",
      },
    );
  });
});
