import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { z } from "zod";
import { Failure } from "../../src/kernel/failure.ts";
import { read } from "../../src/registry/operation.ts";
import { readEvents, type EventReader } from "./event-reader.ts";
import { authenticate, keys, operations, serveSample, type Sample } from "./mcp-sample.ts";
import { ask, bearer, envelope, modernHeaders, sender, type Told } from "./mcp-wire.ts";

/** Says how it goes on as a test lets it. */
function steps() {
  let go = Promise.withResolvers<void>();
  const running = Promise.withResolvers<AbortSignal>();
  const operation = read({
    name: "take_steps",
    title: "Take steps",
    does: "Takes three steps.",
    verb: "GET",
    path: "/steps",
    scope: "notes:read",
    input: z.object({}),
    output: z.object({ taken: z.int() }),
    async run(_, { progress, signal }) {
      running.resolve(signal);
      progress(1, 3, "the first");
      await go.promise;
      progress(3, 3, "all");
      return { taken: 3 };
    },
  });
  return { operation, running: running.promise, go: () => go.resolve() };
}

let sample: Sample;
let revoked = false;
before(async () => {
  sample = await serveSample({
    authenticate: async (credentials) => {
      if (revoked) throw new Failure("unauthenticated", "This key was revoked.");
      return authenticate(credentials);
    },
  });
});
after(() => sample.close());

const send = sender(() => sample.at("/mcp"));
const clientInfo = { name: "test", version: "1" };

function hello(protocolVersion = "2025-11-25"): object {
  return ask("initialize", { protocolVersion, capabilities: {}, clientInfo });
}

async function begun(version?: string, path = "/mcp"): Promise<{ id: string; told: Told }> {
  const told = await sender(() => sample.at(path))(hello(version));
  return { id: told.headers.get("mcp-session-id") ?? "", told };
}

function streamOf(id: string, headers: Record<string, string> = {}): Promise<EventReader> {
  return readEvents(sample.at("/mcp"), {
    headers: { ...bearer, accept: "text/event-stream", "mcp-session-id": id, ...headers },
  });
}

async function createNote(text: string): Promise<string> {
  const { json } = await send(ask("tools/call", { name: "create_note", arguments: { text } }));
  return (json.result.structuredContent as unknown as { note: { id: string } }).note.id;
}

describe("a session", () => {
  test("begins with initialize, at the version asked for, and is named by what follows", async () => {
    for (const version of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
      const { id, told } = await begun(version);
      assert.match(id, /^mcp_\w{22}$/);
      assert.equal(told.json.result.protocolVersion, version);
      const listed = await send(ask("tools/list"), { "mcp-session-id": id });
      assert.equal(listed.status, 200);
      assert.equal(
        (await send({ jsonrpc: "2.0", method: "notifications/initialized" }, { "mcp-session-id": id }))
          .status,
        202,
      );
    }
  });

  test("is not needed: curl is answered without one, and gets JSON whatever it accepts", async () => {
    for (const accept of ["*/*", "application/json", "text/event-stream", "text/html"]) {
      const told = await send(ask("tools/list"), { accept });
      assert.equal(told.status, 200, accept);
      assert.equal(told.headers.get("content-type"), "application/json");
    }
  });

  test("is not begun by 2026-07-28, which does not mind one that is named", async () => {
    const told = await send(ask("tools/list", { _meta: envelope }), {
      ...modernHeaders("tools/list"),
      "mcp-session-id": "mcp_0000000000000000000000",
    });
    assert.equal(told.status, 200);
    assert.equal(told.json.result.resultType, "complete");
    assert.equal(told.headers.get("mcp-session-id"), null);
  });

  test("that is unknown, malformed, ended or another's is answered 404, all alike", async () => {
    const { id } = await begun();
    const ended = (await begun()).id;
    const gone = await fetch(sample.at("/mcp"), {
      method: "DELETE",
      headers: { ...bearer, "mcp-session-id": ended },
    });
    assert.equal(gone.status, 204);
    const answers = [
      await send(ask("ping"), { "mcp-session-id": "mcp_0000000000000000000000" }),
      await send(ask("ping"), { "mcp-session-id": "../../etc" }),
      await send(ask("ping"), { "mcp-session-id": ended }),
      await send(ask("ping"), { "mcp-session-id": id, authorization: `Bearer ${keys.reader}` }),
    ];
    for (const told of answers) {
      assert.equal(told.status, 404);
      assert.deepEqual(told.json, {
        jsonrpc: "2.0",
        id: null,
        error: { code: -32001, message: "Session not found" },
      });
    }
    assert.equal((await send(ask("ping"), { "mcp-session-id": id })).status, 200);
  });

  test("ends when its credential has begun two hundred others since", async () => {
    const first = await sender(() => sample.at("/mcp"))(hello(), {
      authorization: `Bearer ${keys.stranger}`,
    });
    const id = first.headers.get("mcp-session-id") ?? "";
    for (let n = 0; n < 200; n++) await send(hello(), { authorization: `Bearer ${keys.stranger}` });
    const told = await send(ask("ping"), { "mcp-session-id": id, authorization: `Bearer ${keys.stranger}` });
    assert.equal(told.status, 404);
  });

  test("keeps what it was narrowed to, and a request can narrow it further and not widen it", async () => {
    const { id } = await begun(undefined, "/mcp?readonly=true");
    const names = async (query: string): Promise<string[]> =>
      (
        await sender(() => sample.at(`/mcp${query}`))(ask("tools/list"), { "mcp-session-id": id })
      ).json.result.tools.map(({ name }) => name);
    assert.deepEqual(await names(""), ["list_notes", "get_note", "break_down"]);
    assert.deepEqual(await names("?readonly=false&toolsets=bugs"), ["break_down"]);
  });

  test("has nothing at other methods, and at GET and DELETE nothing without its name", async () => {
    for (const method of ["PUT", "PATCH", "OPTIONS"])
      assert.equal((await fetch(sample.at("/mcp"), { method, headers: bearer })).status, 405);
    for (const method of ["GET", "DELETE"]) {
      const response = await fetch(sample.at("/mcp"), { method, headers: bearer });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get("allow"), "POST");
      await response.body?.cancel();
    }
  });

  test("of nobody is refused before its body is read", async () => {
    for (const path of ["/mcp", "/mcp/sse", "/mcp/sse/message"])
      assert.equal(
        (await sender(() => sample.at(path))("no JSON", { authorization: "Bearer x" })).status,
        401,
        path,
      );
  });
});

describe("when it is turned off", () => {
  test("no address is there, whoever asks", async () => {
    const off = await serveSample({ enabled: false, authenticate: () => Promise.reject(new Error("asked")) });
    for (const path of ["/mcp", "/mcp/sse", "/mcp/sse/message?sessionId=a"])
      for (const method of ["GET", "POST", "DELETE", "PUT"])
        assert.equal(
          (await fetch(off.at(path), { method, headers: bearer })).status,
          404,
          `${method} ${path}`,
        );
    await off.close();
  });
});

describe("a batch", () => {
  const batch = [
    ask("ping", {}, 1),
    { jsonrpc: "2.0", method: "notifications/initialized" },
    { id: 7 },
    ask("nope", {}, 2),
  ];

  test("is answered in the order of its requests, where the revision has batches", async () => {
    const { id } = await begun("2025-03-26");
    for (const headers of [{ "mcp-session-id": id }, {}, { "mcp-protocol-version": "2025-03-26" }] as Record<
      string,
      string
    >[]) {
      const told = await send(batch, headers);
      assert.equal(told.status, 200);
      const answers = JSON.parse(told.text) as { id: number | null; error?: { code: number } }[];
      assert.deepEqual(
        answers.map((it) => [it.id, it.error?.code]),
        [
          [1, undefined],
          [null, -32600],
          [2, -32601],
        ],
      );
    }
    const notified = await send([{ jsonrpc: "2.0", method: "notifications/initialized" }]);
    assert.equal(notified.status, 202);
  });

  test("is refused by other revisions, when it is empty, and when it is too large", async () => {
    const { id } = await begun("2025-06-18");
    for (const [body, headers] of [
      [batch, { "mcp-session-id": id }],
      [batch, { "mcp-protocol-version": "2025-06-18" }],
      [[], {}],
      [Array.from({ length: 101 }, (_, n) => ask("ping", {}, n)), {}],
    ] as [object, Record<string, string>][]) {
      const told = await send(body, headers);
      assert.equal(told.status, 400);
      assert.equal(told.json.error.code, -32600);
    }
  });

  test("cannot begin a session", async () => {
    const told = await send([hello()]);
    assert.equal(told.headers.get("mcp-session-id"), null);
    assert.match(told.text, /initialize is sent alone/);
  });
});

describe("a subscription", () => {
  test("tells the session's stream that a resource changed, once for each change, until it is taken back", async () => {
    const { id } = await begun();
    const session = { "mcp-session-id": id };
    const note = await createNote("followed");
    const uri = `sluice://notes/${note}`;
    assert.deepEqual((await send(ask("resources/subscribe", { uri }), session)).json.result, {});
    await send(ask("resources/subscribe", { uri: "sluice://notes/list" }), session);
    const stream = await streamOf(id);
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    assert.equal(stream.headers.get("x-accel-buffering"), "no");
    await createNote("another");
    const news = await stream.message();
    assert.deepEqual(
      [news.method, news.params.uri],
      ["notifications/resources/updated", "sluice://notes/list"],
    );
    await send(ask("resources/unsubscribe", { uri: "sluice://notes/list" }), session);
    await send(ask("tools/call", { name: "delete_note", arguments: { noteId: note } }));
    assert.equal((await stream.message()).params.uri, uri);
    stream.leave();
  });

  test("tells what changed while no stream was open, and again what a broken one was told last", async () => {
    const { id } = await begun();
    const uri = "sluice://notes/list";
    await send(ask("resources/subscribe", { uri }), { "mcp-session-id": id });
    await createNote("meanwhile");
    const first = await streamOf(id);
    const news = await first.next();
    assert.match(news?.id ?? "", /^g-/);
    first.leave();
    const again = await streamOf(id, { "last-event-id": "g-1" });
    assert.equal((await again.message()).params.uri, uri);
    again.leave();
    await createNote("later");
    const third = await streamOf(id, { "last-event-id": news?.id ?? "" });
    assert.equal((await third.message()).params.uri, uri);
    third.leave();
  });

  test("to what is not there, cannot be followed or may not be read is refused", async () => {
    const { id } = await begun();
    const session = { "mcp-session-id": id };
    const code = async (uri: unknown): Promise<number> =>
      (await send(ask("resources/subscribe", { uri }), session)).json.error.code;
    assert.equal(await code("sluice://notes/none"), -32002);
    assert.equal(await code(7), -32602);
    const { json } = await send(ask("resources/subscribe", { uri: "sluice://notes/list" }), {
      ...session,
      authorization: `Bearer ${keys.stranger}`,
    });
    assert.equal(json.error.code, -32001);
  });

  test("is promised in a session and by 2026-07-28 at this address, and not where nothing is streamed", async () => {
    const resources = (told: Told): unknown =>
      (told.json.result.capabilities as { resources?: unknown }).resources;
    const followed = { listChanged: false, subscribe: true };
    assert.deepEqual(resources((await begun()).told), followed);
    const discover = ask("server/discover", { _meta: envelope });
    assert.deepEqual(resources(await send(discover, modernHeaders("server/discover"))), followed);
    const stateless = await sender(() => sample.url)(hello());
    assert.deepEqual(resources(stateless), { listChanged: false });
  });

  test("of 2026-07-28 is one request: what can be followed, then the news, each under its id", async () => {
    const uris = ["sluice://notes/list", "sluice://bug", "sluice://notes/none"];
    const params = {
      notifications: { resourceSubscriptions: uris, toolsListChanged: true },
      _meta: envelope,
    };
    const stream = await readEvents(sample.at("/mcp"), {
      method: "POST",
      headers: { ...bearer, ...modernHeaders("subscriptions/listen") },
      body: JSON.stringify(ask("subscriptions/listen", params, "mine")),
    });
    const mark = { "io.modelcontextprotocol/subscriptionId": "mine" };
    const first = await stream.message();
    assert.equal(first.method, "notifications/subscriptions/acknowledged");
    assert.deepEqual(first.params.notifications, { resourceSubscriptions: ["sluice://notes/list"] });
    assert.deepEqual(first.params["_meta"], mark);
    await createNote("heard");
    const news = await stream.message();
    assert.deepEqual(
      [news.method, news.params.uri, news.params["_meta"]],
      ["notifications/resources/updated", "sluice://notes/list", mark],
    );
    stream.leave();
  });

  test("of 2026-07-28 to nothing that can be followed ends at once", async () => {
    const params = { notifications: { toolsListChanged: true }, _meta: envelope };
    const stream = await readEvents(sample.at("/mcp"), {
      method: "POST",
      headers: { ...bearer, ...modernHeaders("subscriptions/listen") },
      body: JSON.stringify(ask("subscriptions/listen", params, 9)),
    });
    assert.deepEqual((await stream.message()).params.notifications, {});
    const last = await stream.message();
    assert.deepEqual([last.id, last.result["resultType"]], [9, "complete"]);
    assert.equal(await stream.next(), undefined);
  });
});

describe("progress", () => {
  const call = (id: number, meta: object = { progressToken: "p" }): object =>
    ask("tools/call", { name: "take_steps", arguments: {}, _meta: meta }, id);
  const both = { accept: "application/json, text/event-stream" };
  const posting = (body: object, headers: Record<string, string>): RequestInit => ({
    method: "POST",
    headers: { ...bearer, ...both, ...headers },
    body: JSON.stringify(body),
  });

  async function fresh(): Promise<{ served: Sample; own: ReturnType<typeof steps> }> {
    const own = steps();
    return { own, served: await serveSample({ operations: [...operations, own.operation] }) };
  }

  test("comes before the answer, as events, to who asks for it and takes events", async () => {
    for (const headers of [{}, modernHeaders("tools/call", "take_steps")] as Record<string, string>[]) {
      const { served, own } = await fresh();
      const meta = "mcp-method" in headers ? { ...envelope, progressToken: "p" } : { progressToken: "p" };
      const stream = await readEvents(served.at("/mcp"), posting(call(5, meta), headers));
      const first = await stream.message();
      assert.equal(first.method, "notifications/progress");
      assert.deepEqual(first.params, { progressToken: "p", progress: 1, total: 3, message: "the first" });
      own.go();
      assert.equal((await stream.message()).params.progress, 3);
      const last = await stream.message();
      assert.deepEqual([last.id, last.result.structuredContent], [5, { taken: 3 }]);
      assert.equal(await stream.next(), undefined);
      await served.close();
    }
  });

  test("is not sent to who asks for none or takes JSON alone", async () => {
    for (const [body, accept] of [
      [call(1, {}), both.accept],
      [call(1), "application/json"],
    ] as const) {
      const { served, own } = await fresh();
      own.go();
      const told = await sender(() => served.at("/mcp"))(body, { accept });
      assert.equal(told.headers.get("content-type"), "application/json");
      await served.close();
    }
  });

  test("breaks off without the call: its answer is found by the id of the last event", async () => {
    const { served, own } = await fresh();
    const hi = await sender(() => served.at("/mcp"))(hello());
    const session = { "mcp-session-id": hi.headers.get("mcp-session-id") ?? "" };
    const broken = await readEvents(served.at("/mcp"), posting(call(6), session));
    const heard = await broken.next();
    broken.leave();
    const resumed = await readEvents(served.at("/mcp"), {
      headers: { ...bearer, ...session, accept: "text/event-stream", "last-event-id": heard?.id ?? "" },
    });
    assert.equal((await own.running).aborted, false);
    own.go();
    const last = await resumed.message();
    assert.deepEqual([last.id, last.result.structuredContent], [6, { taken: 3 }]);
    assert.equal(await resumed.next(), undefined);
    await served.close();
  });

  test("of a call outside a session ends with its stream: the call is given up", async () => {
    const { served, own } = await fresh();
    const stream = await readEvents(served.at("/mcp"), posting(call(1), {}));
    await stream.message();
    const signal = await own.running;
    stream.leave();
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    own.go();
    await served.close();
  });

  test("can be cut short by a session's notifications/cancelled", async () => {
    const { served, own } = await fresh();
    const hi = await sender(() => served.at("/mcp"))(hello());
    const session = { "mcp-session-id": hi.headers.get("mcp-session-id") ?? "" };
    const answer = sender(() => served.at("/mcp"))(call(8), session);
    const signal = await own.running;
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 8 } };
    assert.equal((await sender(() => served.at("/mcp"))(cancel, session)).status, 202);
    assert.equal(signal.aborted, true);
    own.go();
    await answer;
    await served.close();
  });
});

describe("an open stream", () => {
  test("ends once its session is ended, and once there are four newer ones", async () => {
    const { id } = await begun();
    const oldest = await streamOf(id);
    const others = await Promise.all(Array.from({ length: 4 }, () => streamOf(id)));
    assert.equal(await oldest.next(), undefined);
    await fetch(sample.at("/mcp"), { method: "DELETE", headers: { ...bearer, "mcp-session-id": id } });
    for (const stream of others) assert.equal(await stream.next(), undefined);
  });

  test("ends once its credential is revoked, by whatever transport it came", async (t) => {
    t.after(() => {
      revoked = false;
    });
    const { id } = await begun();
    const streams = [
      await streamOf(id),
      await readEvents(sample.at("/mcp/sse"), { headers: bearer }),
      await readEvents(sample.at("/mcp"), {
        method: "POST",
        headers: { ...bearer, ...modernHeaders("subscriptions/listen") },
        body: JSON.stringify(
          ask("subscriptions/listen", {
            notifications: { resourceSubscriptions: ["sluice://notes/list"] },
            _meta: envelope,
          }),
        ),
      }),
    ];
    revoked = true;
    for (const stream of streams) {
      let event = await stream.next();
      while (event !== undefined) event = await stream.next();
    }
  });
});

describe("the transport of 2024-11-05", () => {
  test("answers by its stream what is posted to the address that it began with", async () => {
    const stream = await readEvents(sample.at("/mcp/sse"), { headers: bearer });
    const first = await stream.next();
    assert.equal(first?.event, "endpoint");
    assert.match(first.data, /^\/mcp\/sse\/message\?sessionId=mcp_\w{22}$/);
    const post = sender(() => sample.at(first.data));
    assert.equal((await post(hello("2024-11-05"))).status, 202);
    assert.equal((await stream.message()).result["protocolVersion"], "2024-11-05");
    assert.equal((await post({ jsonrpc: "2.0", method: "notifications/initialized" })).status, 202);
    await post(ask("nope", {}, 4));
    const refusal = await stream.message();
    assert.deepEqual([refusal.id, refusal.error.code], [4, -32601]);
    assert.equal((await post("{")).status, 400);
    stream.leave();
  });

  test("has nothing at an address without a session, of another's, or of one whose stream is gone", async () => {
    const stream = await readEvents(sample.at("/mcp/sse"), { headers: bearer });
    const { data } = (await stream.next())!;
    const post = sender(() => sample.at(data));
    assert.equal((await post(ask("ping"), { authorization: `Bearer ${keys.reader}` })).status, 404);
    assert.equal((await sender(() => sample.at("/mcp/sse/message"))(ask("ping"))).status, 400);
    stream.leave();
    while ((await post(ask("ping"))).status !== 404) await new Promise(setImmediate);
  });
});
