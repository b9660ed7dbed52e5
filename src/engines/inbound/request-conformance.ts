import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenInbound } from "./conformance-world.ts";
import { answer, listening, posting, reading, route } from "./conformance-world.ts";
import type { RawRequest } from "./inbound.ts";
import { wire } from "./wire.ts";

/** What a route sees and what its sender gets. */
export function requestConformance(name: string, open: OpenInbound): void {
  routing(name, open);
  answers(name, open);
  webApp(name, open);
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

function routing(name: string, open: OpenInbound): void {
  test(`${name}: the longest matching prefix answers, and the web app everything else`, async (t) => {
    const said = (text: string) => () => Promise.resolve(answer(200, text));
    const inbound = await listening(t, open, {
      routes: [
        route("/in/", said("in")),
        route("/in/special/", said("special")),
        route("/healthz", said("exact")),
      ],
      app: { fetch: () => new Response("app") },
    });
    const expected = {
      "/in/": "in",
      "/in/a?b=/in/special/": "in",
      "/in/special/x": "special",
      "/in/special": "in",
      "/healthz": "exact",
      "/healthz?x": "exact",
      "/healthz/": "app",
      "/healthzz": "app",
      "/in": "app",
      "/IN/": "app",
      "/x/in/": "app",
    };
    const client = await wire(t, inbound.port);
    for (const [target, text] of Object.entries(expected)) {
      client.send(get(target));
      assert.equal((await client.answer()).body, text, target);
    }
  });

  test(`${name}: a route learns that its sender went away, and is not told so of one it answered`, async (t) => {
    const seen: AbortSignal[] = [];
    const waiting = Promise.withResolvers<void>();
    const handle = async (request: RawRequest) => {
      seen.push(request.signal);
      if (request.target === "/in/answered") return answer(200);
      waiting.resolve();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      return answer(200);
    };
    const inbound = await listening(t, open, { routes: [route("/in/", handle)] });
    const client = await wire(t, inbound.port);
    client.send(get("/in/answered"));
    await client.answer();
    client.send(get("/in/waits"));
    await waiting.promise;
    client.reset();
    const [answered, left] = seen;
    if (left?.aborted === false) await new Promise((resolve) => left.addEventListener("abort", resolve));
    assert.equal(answered?.aborted, false);
    assert.equal(left?.aborted, true);
  });

  test(`${name}: a route sees the request as it came`, async (t) => {
    const seen = Promise.withResolvers<RawRequest>();
    const handle = (request: RawRequest) => {
      seen.resolve(request);
      return Promise.resolve(answer(200));
    };
    const inbound = await listening(t, open, { routes: [route("/in/", handle)] });
    const client = await wire(t, inbound.port);
    client.send(
      Buffer.from(
        "PATCH /in/%41?q=%20 HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nx-a: caf\xe9\r\nX-B: 2\r\n\r\n",
        "latin1",
      ),
    );
    const request = await seen.promise;
    assert.equal(request.method, "PATCH");
    assert.equal(request.target, "/in/%41?q=%20");
    assert.deepEqual(request.headers, [
      ["Host", "a"],
      ["X-B", "1"],
      ["x-a", "caf\xe9"],
      ["X-B", "2"],
    ]);
    assert.equal(request.header("x-b"), "1");
    assert.equal(request.header("x-c"), undefined);
    assert.equal(request.remoteAddress, "127.0.0.1");
    assert.ok(request.receivedAt > 1_600_000_000_000);
  });

  test(`${name}: bodies arrive whole: none, with a length, in pieces and chunked`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(1000)] });
    const client = await wire(t, inbound.port);
    const chunked = "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    const requests = {
      "0 ": posting(""),
      "5 hello": posting("hello"),
      "6 abcdef": `${chunked}3;x=y\r\nabc\r\n3\r\ndef\r\n0\r\nX-Trailer: 1\r\n\r\n`,
    };
    for (const [text, request] of Object.entries(requests)) {
      client.send(request);
      assert.deepEqual((await client.answer()).body, text);
      for (const byte of request) {
        client.send(byte);
        await new Promise(setImmediate);
      }
      assert.deepEqual((await client.answer()).body, text);
    }
    client.send(get("/in/a"));
    assert.equal((await client.answer()).body, "0 ");
    client.send(posting("a".repeat(1000)));
    assert.equal((await client.answer()).body, `1000 ${"a".repeat(20)}`);
    assert.equal(inbound.stats().connections, 1);
  });
}

function answers(name: string, open: OpenInbound): void {
  test(`${name}: an answer has its length, and HEAD, 204 and 304 have no body`, async (t) => {
    const handle = (request: RawRequest) =>
      Promise.resolve(answer(Number(request.target.slice(4)), Buffer.from("caf\u00e9")));
    const inbound = await listening(t, open, { routes: [route("/in/", handle)] });
    const client = await wire(t, inbound.port);
    client.send(get("/in/200"));
    const whole = await client.answer();
    assert.deepEqual([whole.headers["content-length"], whole.headers["content-type"]], ["5", "text/plain"]);
    client.send(
      `HEAD /in/200 HTTP/1.1\r\nHost: a\r\n\r\n${get("/in/204")}${get("/in/304")}${get("/in/200")}`,
    );
    assert.equal((await client.answer("HEAD")).headers["content-length"], "5");
    for (const status of [204, 304]) {
      const bare = await client.answer();
      assert.deepEqual([bare.status, bare.headers["content-length"], bare.body], [status, undefined, ""]);
    }
    assert.equal((await client.answer()).status, 200);
  });

  test(`${name}: a route that throws answers 500 with an id that is in the log, and the listener goes on`, async (t) => {
    const lines: string[] = [];
    const throws = () => {
      throw new Error("fake bug");
    };
    const rejects = () => Promise.reject(new Error("fake bug"));
    const unsendable = () => Promise.resolve({ status: 200, headers: { "x-split": "a\r\nb" }, body: "" });
    const routes = [route("/a", throws), route("/b", rejects), route("/c", unsendable), reading(10)];
    const inbound = await listening(t, open, { routes, log: (line) => lines.push(line) });
    const client = await wire(t, inbound.port);
    for (const path of ["/a?secret=1", "/b", "/c"]) {
      client.send(get(path));
      const failed = await client.answer();
      assert.equal(failed.status, 500);
      assert.equal(failed.headers["content-type"], "application/problem+json");
      const id = /err_\w+/.exec(failed.body)?.[0] ?? "";
      assert.doesNotMatch(failed.body, /fake bug/);
      assert.ok(lines.at(-1)?.includes(id));
      assert.doesNotMatch(lines.at(-1) ?? "", /secret/);
    }
    client.send(posting("ok"));
    assert.equal((await client.answer()).body, "2 ok");
  });

  test(`${name}: a body in pieces arrives as one, whether its request was read or is still being sent`, async (t) => {
    const kept = Buffer.from("é".repeat(20_000));
    const handle = async (request: RawRequest) => {
      if (request.target === "/in/read") await request.body(10);
      return answer(200, ["[", kept, "]"]);
    };
    const inbound = await listening(t, open, { routes: [route("/in/", handle)] });
    for (const target of ["/in/read", "/in/unread"]) {
      const client = await wire(t, inbound.port);
      client.send(`POST ${target} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n`);
      if (target === "/in/read") client.send("0\r\n\r\n");
      const { headers, body } = await client.answer();
      assert.equal(headers["content-length"], String(kept.length + 2), target);
      assert.equal(Buffer.from(body, "latin1").toString(), `[${kept.toString()}]`, target);
    }
  });

  test(`${name}: requests sent ahead are answered in their order`, async (t) => {
    const slowFirst = async (request: RawRequest) => {
      if (request.target === "/in/1") await new Promise((resolve) => setTimeout(resolve, 30));
      return answer(200, request.target);
    };
    const inbound = await listening(t, open, { routes: [route("/in/", slowFirst)] });
    const client = await wire(t, inbound.port);
    client.send(get("/in/1") + get("/in/2") + get("/in/3"));
    for (const target of ["/in/1", "/in/2", "/in/3"]) assert.equal((await client.answer()).body, target);
  });
}

function webApp(name: string, open: OpenInbound): void {
  test(`${name}: the web app gets method, URL, headers, body and the sender's address`, async (t) => {
    const inbound = await listening(t, open, {
      app: {
        async fetch(request, { remoteAddress }) {
          const { method, url, headers } = request;
          return Response.json([method, url, headers.get("x-a"), await request.text(), remoteAddress]);
        },
      },
    });
    const client = await wire(t, inbound.port);
    client.send("POST /api/v1/x?y=1 HTTP/1.1\r\nHost: fake.dev\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n{}");
    const got = await client.answer();
    assert.equal(got.body, JSON.stringify(["POST", "http://fake.dev/api/v1/x?y=1", "1", "{}", "127.0.0.1"]));
    client.send("DELETE /api/v1/x HTTP/1.1\r\nHost: fake.dev\r\n\r\n");
    assert.match((await client.answer()).body, /^\["DELETE"/);
  });

  test(`${name}: a web app that throws answers 500 with an id, and a Host that is none 400`, async (t) => {
    const lines: string[] = [];
    const inbound = await listening(t, open, {
      log: (line) => lines.push(line),
      app: { fetch: () => Promise.reject(new Error("fake bug")) },
    });
    const client = await wire(t, inbound.port);
    client.send(get("/"));
    const failed = await client.answer();
    assert.equal(failed.status, 500);
    assert.ok(lines[0]?.startsWith(/err_\w+/.exec(failed.body)?.[0] ?? "none"));
    client.send("GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n");
    assert.equal((await client.answer()).status, 400);
    assert.equal(lines.length, 1);
  });

  test(`${name}: a web app can stream its answer`, async (t) => {
    const inbound = await listening(t, open, {
      app: {
        fetch: () => {
          const events = ["data: 1\n\n", "data: 2\n\n"].map((text) => Buffer.from(text));
          return new Response(ReadableStream.from(events), {
            headers: { "content-type": "text/event-stream" },
          });
        },
      },
    });
    const client = await wire(t, inbound.port);
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(await client.closed(), /data: 1\n\n[^]*data: 2\n\n/);
  });

  test(`${name}: without a web app every other path is 404`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)] });
    const client = await wire(t, inbound.port);
    client.send(get("/other"));
    assert.equal((await client.answer()).status, 404);
  });
}
