import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { z } from "zod";
import { recordIdAt, recordOf, type Told } from "../../../test/captured.ts";
import { authenticatorOf, callerOf, openWorld, principalOf, type World } from "../../../test/world.ts";
import { defaultLimits, type Inbound } from "../../engines/inbound/inbound.ts";
import { listen } from "../../engines/inbound/node-http.ts";
import { Failure } from "../../kernel/failure.ts";
import type { Engines } from "../../registry/engines.ts";
import { invoke, type Output } from "../../registry/invoke.ts";
import type { Operation } from "../../registry/operation.ts";
import { bootstrap } from "../account/bootstrap.ts";
import { createManagementToken } from "../account/operations/create-management-token.ts";
import { createMcpToken } from "../account/operations/create-mcp-token.ts";
import { updateWorkspace } from "../account/operations/update-workspace.ts";
import { getMetrics } from "./operations/get-metrics.ts";
import { searchRequests } from "./operations/search-requests.ts";
import { traffic } from "./plane.ts";
import { allRuleOperations } from "./rules/rules.ts";

type Answer = { readonly status: number; readonly body: Output; readonly headers: Headers };
const dayMs = 86_400_000;
const Json = z.record(z.string(), z.unknown());

describe("the way in of agents", () => {
  let world: World;
  let inbound: Inbound;
  let key = "";
  let workspace = "";
  /** While set, nothing can be stored. */
  let trouble: Failure | undefined;

  before(async () => {
    world = await openWorld();
    const first = await bootstrap(world.engines, undefined);
    assert.ok(first);
    key = first.key.reveal();
    workspace = first.workspace;
    const { journal } = world.engines.traffic;
    const engines: Engines = {
      ...world.engines,
      traffic: {
        ...world.engines.traffic,
        journal: {
          ...journal,
          commit: async (entry) => (trouble === undefined ? journal.commit(entry) : Promise.reject(trouble)),
        },
      },
    };
    const { routes } = await traffic.start(engines, await authenticatorOf(engines));
    const { clock, log } = engines;
    inbound = await listen({
      host: "127.0.0.1",
      port: 0,
      routes,
      app: null,
      limits: defaultLimits,
      clock,
      log,
    });
  });
  after(async () => {
    await inbound.close(0);
    await world.close();
  });

  async function ask(
    path: string,
    init: RequestInit = {},
    credential: Record<string, string> = bearer(key),
  ): Promise<Answer> {
    const response = await fetch(`${inbound.url}${path}`, {
      ...init,
      headers: { ...credential, ...Object.fromEntries(new Headers(init.headers)) },
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === "" ? {} : Json.parse(JSON.parse(text)),
    };
  }

  function post(
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    credential?: Record<string, string>,
  ): Promise<Answer> {
    return ask("/capture/v1/batches", { method: "POST", body, headers }, credential);
  }

  function batch(told: readonly Told[], more: object = {}): string {
    const now = world.clock.now();
    const records = told.map((it) => recordOf(it, now));
    return JSON.stringify({
      id: recordIdAt(now),
      agent: { name: "test", version: "1" },
      sentAt: now,
      records,
      ...more,
    });
  }

  function call(it: Operation, input: object): Promise<Output> {
    return invoke(it, input, callerOf(principalOf(workspace, "all")), world.engines);
  }

  test("a batch is stored and answered with what became of it", async () => {
    const { status, body } = await post(batch([{ status: 201, agoMs: 2_000 }, { status: 202 }]));
    assert.equal(status, 202);
    assert.partialDeepStrictEqual(body, { accepted: 2, duplicate: false, refused: [], refusedInAll: 0 });
    const { requests } = await call(searchRequests, { query: "status:201 OR status:202" });
    assert.partialDeepStrictEqual(requests, [{ status: 202 }, { status: 201 }]);
  });

  test("a bad record costs itself alone, and is named with what is wrong", async () => {
    const now = world.clock.now();
    const good = recordOf({ status: 207 }, now);
    const { status, body } = await post(
      batch([], {
        records: [
          good,
          { ...good, id: "not-an-id" },
          "no record",
          { ...good, id: recordIdAt(now), status: 999 },
          { ...good, id: recordIdAt(now - 5 * 86_400_000) },
          { ...good, id: recordIdAt(now + 3 * 86_400_000), startedAt: now + 3 * 86_400_000 },
        ],
      }),
    );
    assert.equal(status, 202);
    assert.partialDeepStrictEqual(body, {
      accepted: 1,
      refusedInAll: 5,
      refused: [
        { index: 1, pointer: "/records/1/id" },
        { index: 2, pointer: "/records/2" },
        { index: 3, pointer: "/records/3/status" },
        { index: 4, pointer: "/records/4/id" },
        { index: 5, pointer: "/records/5/startedAt" },
      ],
    });
  });

  test("a header that is none, and headers that are too many or too long, are named with their place", async () => {
    const now = world.clock.now();
    const of = "/request/headers";
    for (const [headers, place] of [
      [null, of],
      [[["a"]], `${of}/0`],
      [
        [
          ["a", "b"],
          ["c", "d", "e"],
        ],
        `${of}/1`,
      ],
      [[["", "b"]], `${of}/0/0`],
      [[["n".repeat(201), "b"]], `${of}/0/0`],
      [[["a", 1]], `${of}/0/1`],
      [Array.from({ length: 101 }, () => ["a", "b"]), of],
      [[["a", "x".repeat(16 * 1024)]], of],
    ] as const) {
      const { status, body } = await post(
        batch([], { records: [{ ...recordOf({}, now), request: { headers } }] }),
      );
      assert.equal(status, 202);
      assert.partialDeepStrictEqual(body, { accepted: 0, refused: [{ pointer: `/records/0${place}` }] });
    }
  });

  test("a batch that is sent twice counts once, its records and its summaries", async () => {
    const now = world.clock.now();
    const summary = {
      at: Math.floor(now / 60_000) * 60_000,
      method: "PUT",
      route: "/twice",
      status: 200,
      outcome: "answered",
      count: 70,
      requestBytes: 10,
      responseBytes: 20,
      durationMs: 700,
      durations: [[467, 70]],
    };
    const text = batch([{ method: "PUT", route: "/twice" }], { counted: true, summaries: [summary] });
    assert.equal((await post(text)).body["duplicate"], false);
    assert.equal((await post(text)).body["duplicate"], true);
    const metrics = await call(getMetrics, { path: "/twice" });
    assert.equal(metrics["requests"], 70);
    const { requests } = await call(searchRequests, { path: "/twice" });
    assert.ok(Array.isArray(requests));
    assert.equal(requests.length, 1);
  });

  test("what comes without ids is known by what it says", async () => {
    const record = { ...recordOf({ method: "PROPFIND" }, world.clock.now()), id: undefined };
    const text = JSON.stringify({ agent: { name: "hand", version: "1" }, records: [record] });
    assert.equal((await post(text)).body["duplicate"], false);
    assert.equal((await post(text)).body["duplicate"], true);
    assert.equal((await post(`${text} `)).body["duplicate"], false);
    const { requests } = await call(searchRequests, { method: "PROPFIND" });
    assert.ok(Array.isArray(requests));
    assert.equal(requests.length, 1);
  });

  test("a record that comes again, in another batch or the same, is stored and counted once", async () => {
    const record = recordOf({ method: "OPTIONS", route: "/again" }, world.clock.now());
    const other = recordOf({ method: "OPTIONS", route: "/again" }, world.clock.now());
    for (const records of [[record], [record, record], [other, record, other]])
      await post(batch([], { records }));
    const { requests } = await call(searchRequests, { method: "OPTIONS" });
    assert.ok(Array.isArray(requests));
    assert.equal(requests.length, 2);
    const metrics = await call(getMetrics, { path: "/again" });
    assert.equal(metrics["requests"], 2);
  });

  test("what is redacted of a record is counted, wherever it stood", async () => {
    const secret = "token=example-secret-0123456789";
    const error = { type: secret, message: secret };
    await post(
      batch([{ method: "PURGE", host: secret, ip: secret, target: `/a?${secret}`, status: 500, error }]),
    );
    const { requests } = z
      .object({ requests: z.array(z.object({ id: z.string() })) })
      .parse(await call(searchRequests, { method: "PURGE" }));
    const stored = await world.engines.ledger.get(workspace, { id: requests[0]?.id ?? "" });
    assert.equal(stored?.facts["redacted"], 5);
    assert.ok(!world.dump().includes("example-secret"));
  });

  test("what nobody reads of a record may be nested as far as JSON is", async () => {
    const record = { ...recordOf({ method: "LOCK" }, world.clock.now()), id: undefined, more: "far" };
    const nested = "[".repeat(6_000) + "]".repeat(6_000);
    const text = JSON.stringify({ agent: { name: "hand", version: "1" }, records: [record] });
    assert.equal((await post(text.replace('"far"', nested))).body["accepted"], 1);
  });

  test("what counts to more than numbers are exact to is taken, and added up to that", async () => {
    const huge = Number.MAX_SAFE_INTEGER;
    const record = recordOf({ method: "MKCOL", weight: 1_000_000 }, world.clock.now());
    const sized = { ...record, request: { headers: [], size: huge }, response: { headers: [], size: huge } };
    for (let n = 0; n < 9; n++) {
      const { status, body } = await post(
        batch([], { records: [{ ...sized, id: undefined, host: `${n}` }] }),
      );
      assert.equal(status, 202);
      assert.equal(body["accepted"], 1);
    }
    for (const roll of [false, true]) {
      if (roll) while ((await world.engines.ledger.roll(100)) > 0);
      const metrics = await call(getMetrics, { path: "/orders/:id" });
      assert.partialDeepStrictEqual(metrics, { requestBytes: huge, byMethod: { MKCOL: 9_000_000 } });
    }
  });

  test("what is older than the plan keeps is refused, and taken as soon as the plan keeps it longer", async () => {
    const old = [recordOf({ method: "REPORT" }, world.clock.now() - 31 * dayMs)];
    const answer = async () => (await post(batch([], { records: old }))).body;
    const refused = await answer();
    assert.deepEqual([refused["accepted"], refused["refusedInAll"]], [0, 1]);
    assert.partialDeepStrictEqual(refused["refused"], [
      { pointer: "/records/0/startedAt", message: "it is older than the 30 days that traffic is kept" },
    ]);
    await call(updateWorkspace, { plan: { retentionDays: 32 } });
    assert.equal((await answer())["accepted"], 1);
    await call(updateWorkspace, { plan: { retentionDays: 30 } });
  });

  test("a path of any length is counted under a route of its own kind", async () => {
    const told = { method: "COPY", route: null, target: `/long${`/${"word-".repeat(35)}`.repeat(40)}` };
    const { status, body } = await post(batch([told]));
    assert.equal(status, 202);
    assert.equal(body["accepted"], 1);
    const { byMethod } = await call(getMetrics, { path: "/long/*{rest}" });
    assert.deepEqual(byMethod, { COPY: 1 });
  });

  test("it may be gzipped, but not to swell beyond bounds", async () => {
    const zip = (text: string) => new Uint8Array(gzipSync(text));
    assert.equal((await post(zip(batch([{}])), { "content-encoding": "gzip" })).status, 202);
    const bomb = zip(`{"id":"${" ".repeat(17 * 1024 * 1024)}`);
    assert.equal((await post(bomb, { "content-encoding": "gzip" })).status, 413);
    assert.equal((await post(batch([{}]), { "content-encoding": "gzip" })).status, 400);
    assert.equal((await post(batch([{}]), { "content-encoding": "br" })).status, 415);
  });

  test("what is no batch as a whole is refused as a whole, with the place", async () => {
    for (const [text, pointer] of [
      ["", ""],
      ["[1", ""],
      ["[]", ""],
      ["{}", "/agent"],
      [batch([], { agent: 1 }), "/agent"],
      [batch([], { records: Array.from({ length: 1_001 }, () => ({})) }), "/records"],
    ] as const) {
      const { status, body, headers } = await post(text);
      assert.equal(status, 400, text.slice(0, 40));
      assert.equal(headers.get("content-type"), "application/problem+json");
      assert.partialDeepStrictEqual(body, { code: "invalid", pointer });
    }
    assert.equal((await post("x".repeat(4 * 1024 * 1024 + 1))).status, 413);
  });

  test("while nothing can be stored it says so, and when to come again", async () => {
    trouble = new Failure("unavailable", "The disk is full.", { retryAfterMs: 3_000 });
    const { status, headers } = await post(batch([{}]));
    trouble = undefined;
    assert.equal(status, 503);
    assert.equal(headers.get("retry-after"), "3");
  });

  test("a credential is needed, and one that may send captured traffic", async () => {
    assert.equal((await post(batch([{}]), {}, {})).status, 401);
    assert.equal((await post(batch([{}]), {}, bearer("mk_" + "x".repeat(49)))).status, 401);
    const reader = await call(createMcpToken, { name: "reader", environment: "production" });
    const refused = await post(batch([{}]), {}, bearer(String(reader["secret"])));
    assert.equal(refused.status, 403);
    assert.equal(refused.body["scope"], "traffic:capture");
    const sender = await call(createManagementToken, { name: "sender", scopes: ["traffic:capture"] });
    const credential = { "x-management-token": String(sender["secret"]) };
    assert.equal((await post(batch([{}]), {}, credential)).status, 202);
  });

  test("it goes where it says, and nowhere that there is not", async () => {
    const { status } = await post(batch([{ method: "TRACE" }]), { "x-sluice-environment": "staging" });
    assert.equal(status, 202);
    const { requests } = await call(searchRequests, { method: "TRACE" });
    assert.partialDeepStrictEqual(requests, [{ environment: "staging", bucket: "default" }]);
    assert.equal((await post(batch([{}]), { "x-sluice-environment": "nowhere" })).status, 400);
    assert.equal((await post(batch([{}]), { "x-sluice-bucket": "nowhere" })).status, 400);
  });

  test("agents ask for their settings, and are told when these are as before", async () => {
    const first = await ask("/capture/v1/settings");
    assert.equal(first.status, 200);
    assert.partialDeepStrictEqual(first.body, {
      environment: "production",
      bucket: "default",
      exclusions: [],
      blocks: [],
    });
    assert.equal(Buffer.from(String(first.body["tokenKey"]), "base64").length, 32);
    const etag = first.headers.get("etag") ?? "";
    assert.equal((await ask("/capture/v1/settings", { headers: { "if-none-match": etag } })).status, 304);
    const createBlock = allRuleOperations.find(({ name }) => name === "create_block");
    assert.ok(createBlock);
    await call(createBlock, { name: "bots", selection: { userAgent: "*Bot*" } });
    const next = await ask("/capture/v1/settings", { headers: { "if-none-match": etag } });
    assert.equal(next.status, 200);
    assert.partialDeepStrictEqual(next.body, {
      blocks: [{ status: 403, selection: { userAgent: "*Bot*" } }],
    });
    const elsewhere = await ask("/capture/v1/settings", { headers: { "x-sluice-environment": "staging" } });
    assert.notEqual(elsewhere.body["tokenKey"], next.body["tokenKey"]);
  });

  test("other paths and methods are told what there is", async () => {
    assert.equal((await ask("/capture/v1/other")).status, 404);
    assert.equal((await ask("/capture/v1/batches")).status, 405);
  });
});

function bearer(secret: string): Record<string, string> {
  return { authorization: `Bearer ${secret}` };
}
