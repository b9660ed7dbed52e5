import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serveSample, type Sample } from "./mcp-sample.ts";
import { ask, envelope, modernHeaders, sender, type Told } from "./mcp-wire.ts";

let sample: Sample;
before(async () => {
  sample = await serveSample();
});
after(() => sample.close());

const send = sender(() => sample.url);

function modern(method: string, params: object = {}, name?: string, id: string | number = 1): Promise<Told> {
  return send(ask(method, { ...params, _meta: envelope }, id), modernHeaders(method, name));
}

describe("revisions up to 2025-11-25", () => {
  test("initialize echoes a known version and offers 2025-11-25 for any other", async () => {
    for (const version of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
      assert.equal(
        (await send(ask("initialize", { protocolVersion: version }))).json.result.protocolVersion,
        version,
      );
    for (const params of [{ protocolVersion: "2026-07-28" }, { protocolVersion: "1.0" }, {}]) {
      const { result } = (await send(ask("initialize", params))).json;
      assert.equal(result.protocolVersion, "2025-11-25");
      assert.deepEqual(result.capabilities.tools, { listChanged: false });
      assert.equal(result.serverInfo.name, "sluice");
    }
  });

  test("each of them lists and calls without initialize, with its version header or without", async () => {
    for (const version of [undefined, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
      const headers: Record<string, string> =
        version === undefined ? {} : { "mcp-protocol-version": version };
      const listed = await send(ask("tools/list"), headers);
      assert.equal(listed.json.result.tools.length, 6, version);
      const called = await send(ask("tools/call", { name: "list_notes" }), headers);
      assert.ok(Array.isArray(called.json.result.structuredContent.notes), version);
      assert.equal("resultType" in called.json.result, false);
    }
  });

  test("a version header that nobody knows is refused, except on initialize", async () => {
    const headers = { "mcp-protocol-version": "1999-01-01" };
    const told = await send(ask("tools/list"), headers);
    assert.equal(told.status, 400);
    assert.ok(told.json.error.data.supported.includes("2025-11-25"));
    assert.equal((await send(ask("initialize", { protocolVersion: "2025-06-18" }), headers)).status, 200);
  });

  test("ping is answered and notifications are taken without an answer", async () => {
    assert.deepEqual((await send(ask("ping"))).json.result, {});
    const noted = await send({ jsonrpc: "2.0", method: "notifications/initialized" });
    assert.equal(noted.status, 202);
    assert.equal(noted.text, "");
  });

  test("an unknown method is an error of the protocol", async () => {
    for (const method of ["tools/destroy", "constructor", "server/discover"]) {
      const told = await send(ask(method));
      assert.equal(told.status, 200);
      assert.equal(told.json.error.code, -32601, method);
    }
  });

  test("an id comes back as it was sent, around a result from the cache and around one made for it", async () => {
    for (const id of [0, -7, 9_007_199_254_740_991, "", "a", 'quote " and \\ back', "</script>\n\u2028é"]) {
      const answers = [await send(ask("tools/list", {}, id)), await send(ask("tools/list", {}, id))];
      const called = await send(ask("tools/call", { name: "list_notes" }, id));
      for (const { json } of [...answers, called]) {
        assert.strictEqual(json.id, id);
        assert.equal(json.jsonrpc, "2.0");
        assert.equal(typeof json.result, "object");
      }
    }
  });
});

describe("2026-07-28", () => {
  test("server/discover says what is spoken and may be cached by anybody", async () => {
    for (const round of [1, 2]) {
      const { json } = await modern("server/discover", {}, undefined, `round ${round}`);
      assert.equal(json.id, `round ${round}`);
      assert.deepEqual(json.result.supportedVersions, ["2026-07-28"]);
      assert.equal(json.result.cacheScope, "public");
      assert.match(json.result.instructions, /list_endpoints/);
    }
  });

  test("lists may be cached for their reader alone, and are the same from the cache as through the SDK", async () => {
    const fresh = await serveSample();
    for (const method of ["tools/list", "resources/list", "resources/templates/list", "prompts/list"]) {
      const body = ask(method, { _meta: envelope }, 'an "id"');
      const first = await sender(() => fresh.url)(body, modernHeaders(method));
      const kept = await sender(() => fresh.url)(body, modernHeaders(method));
      assert.deepEqual(kept.json, first.json, method);
      assert.equal(kept.json.result.cacheScope, "private");
      assert.equal(kept.json.result.ttlMs, 300_000);
      assert.equal(kept.json.result.resultType, "complete");
    }
    await fresh.close();
  });

  test("what is answered directly equals what the SDK answers to the same request with its name in base64", async () => {
    const requests: [method: string, params: object, name: string][] = [
      ["tools/call", { name: "list_notes", arguments: { limit: 3 } }, "list_notes"],
      ["tools/call", { name: "nothing" }, "nothing"],
      ["resources/read", { uri: "sluice://notes/list" }, "sluice://notes/list"],
      ["resources/read", { uri: "sluice://nowhere" }, "sluice://nowhere"],
      ["prompts/get", { name: "review_notes", arguments: { topic: "all" } }, "review_notes"],
      ["prompts/get", { name: "review_notes", arguments: {} }, "review_notes"],
    ];
    for (const [method, params, name] of requests) {
      const direct = await modern(method, params, name);
      const encoded = `=?base64?${Buffer.from(name).toString("base64")}?=`;
      const bySdk = await modern(method, params, encoded);
      assert.equal(direct.status, bySdk.status, method);
      assert.deepEqual(withoutIds(direct.json), withoutIds(bySdk.json), method);
    }
  });

  test("a header that contradicts the body is refused by -32020, on every request anew", async () => {
    const call = ask("tools/call", { name: "list_notes", _meta: envelope });
    const wrong: Record<string, string>[] = [
      modernHeaders("tools/call", "get_note"),
      modernHeaders("tools/list", "list_notes"),
      { "mcp-protocol-version": "2025-06-18", "mcp-method": "tools/call", "mcp-name": "list_notes" },
      { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call" },
      { "mcp-protocol-version": "2026-07-28", "mcp-name": "list_notes" },
      { "mcp-method": "tools/call", "mcp-name": "list_notes" },
    ];
    for (const headers of [...wrong, ...wrong]) {
      const told = await send(call, headers);
      assert.equal(told.status, 400, JSON.stringify(headers));
      assert.equal(told.json.error.code, -32020);
      assert.equal((await send(call, modernHeaders("tools/call", "list_notes"))).status, 200);
    }
  });

  test("an envelope that lacks what it must have is refused, on every request anew", async () => {
    const { "io.modelcontextprotocol/protocolVersion": version } = envelope;
    for (const meta of [
      { "io.modelcontextprotocol/protocolVersion": version },
      { ...envelope, "io.modelcontextprotocol/clientCapabilities": 7 },
      {},
    ])
      for (const round of [1, 2]) {
        const told = await send(ask("tools/list", { _meta: meta }, round), modernHeaders("tools/list"));
        assert.equal(told.status, 400);
        assert.equal(told.json.error.code, -32602);
        assert.equal(told.json.id, round);
      }
  });

  test("an envelope of another version is not taken for this one because it was seen before", async () => {
    const meta = { ...envelope, "io.modelcontextprotocol/protocolVersion": "2027-01-01" };
    const request = ask("tools/call", { name: "list_notes", _meta: meta });
    const { "mcp-protocol-version": _, ...unversioned } = modernHeaders("tools/call", "list_notes");
    assert.equal((await send(request, unversioned)).status, 400);
    const told = await send(request, modernHeaders("tools/call", "list_notes"));
    assert.equal(told.status, 400);
    assert.equal(told.json.error.code, -32020);
  });

  test("a later version is refused with those that are spoken", async () => {
    const meta = { ...envelope, "io.modelcontextprotocol/protocolVersion": "2027-01-01" };
    const headers = { ...modernHeaders("tools/list"), "mcp-protocol-version": "2027-01-01" };
    const told = await send(ask("tools/list", { _meta: meta }), headers);
    assert.equal(told.status, 400);
    assert.equal(told.json.error.code, -32022);
    assert.deepEqual(told.json.error.data.supported, ["2026-07-28"]);
  });

  test("methods that it removed, never had or that need a stream are not found", async () => {
    for (const method of ["ping", "initialize", "tools/destroy", "constructor", "subscriptions/listen"]) {
      const told = await modern(method);
      assert.equal(told.status, 404, method);
      assert.equal(told.json.error.code, -32601);
    }
  });

  test("notifications are taken without an answer", async () => {
    const body = {
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: 1, _meta: envelope },
    };
    const told = await send(body, modernHeaders("notifications/cancelled"));
    assert.equal(told.status, 202);
    assert.equal(told.text, "");
  });
});

/** Request ids differ from call to call. */
function withoutIds(json: object): object {
  return JSON.parse(JSON.stringify(json).replaceAll(/req_[\w-]+/g, "req")) as object;
}
