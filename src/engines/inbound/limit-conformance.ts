import assert from "node:assert/strict";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import { test } from "node:test";
import type { OpenInbound } from "./conformance-world.ts";
import { answer, listening, posting, reading, route } from "./conformance-world.ts";
import { wire } from "./wire.ts";
import type { WireAnswer } from "./wire.ts";

/** Every limit of `Limits`, and every way to send a request that cannot be read. */
export function limitConformance(name: string, open: OpenInbound): void {
  headLimits(name, open);
  bodyLimits(name, open);
  slowSenders(name, open);
  malformed(name, open);
}

const problemType = "application/problem+json";

function assertProblem(got: WireAnswer, status: number): void {
  assert.equal(got.status, status, got.body);
  assert.equal(got.headers["content-type"], problemType);
  assert.equal(got.headers["connection"], "close");
  const body: unknown = JSON.parse(got.body);
  assert.ok(typeof body === "object" && body !== null && "detail" in body && "hint" in body);
  assert.ok("status" in body && body.status === status);
}

function headLimits(name: string, open: OpenInbound): void {
  test(`${name}: too many header bytes are answered 431 with the limits, and the connection closes`, async (t) => {
    const limits = { headerBytesMax: 2048, headerFieldsMax: 10 };
    const inbound = await listening(t, open, { routes: [reading(10)], limits });
    const client = await wire(t, inbound.port);
    client.send(`GET /in/a HTTP/1.1\r\nHost: a\r\nX-Long: ${"a".repeat(4000)}\r\n\r\n`);
    const got = await client.answer();
    assertProblem(got, 431);
    assert.match(got.body, /2048 bytes or more than 10 fields/);
    await client.closed();
  });

  test(`${name}: one header field more than allowed is answered 431, none is dropped silently`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)], limits: { headerFieldsMax: 10 } });
    const client = await wire(t, inbound.port);
    const request = (fields: number) =>
      `GET /in/a HTTP/1.1\r\nHost: a\r\n${"X-A: 1\r\n".repeat(fields - 1)}\r\n`;
    client.send(request(10));
    assert.equal((await client.answer()).status, 200);
    client.send(request(11));
    assert.equal((await client.answer()).status, 431);
  });

  test(`${name}: connections beyond the maximum are closed, and places are given back`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)], limits: { connectionsMax: 2 } });
    const first = await wire(t, inbound.port);
    const second = await wire(t, inbound.port);
    for (const client of [first, second]) {
      client.send(posting("a"));
      await client.answer();
    }
    const third = await wire(t, inbound.port);
    assert.equal(await third.closed(), "");
    first.end();
    await first.closed();
    const fourth = await wire(t, inbound.port);
    fourth.send(posting("b"));
    assert.equal((await fourth.answer()).body, "1 b");
  });
}

function bodyLimits(name: string, open: OpenInbound): void {
  test(`${name}: a declared length beyond the maximum is refused without reading the body`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(1000)] });
    const client = await wire(t, inbound.port);
    client.send("POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
    const got = await client.answer();
    assert.deepEqual([got.status, got.body, got.headers["connection"]], [413, "too_large", "close"]);
    assert.equal(inbound.stats().bodyBytesInFlight, 0);
  });

  test(`${name}: a sender that keeps sending still gets to read the refusal`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(1000)] });
    const client = await wire(t, inbound.port);
    client.send("POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 104857600\r\n\r\n");
    const piece = Buffer.alloc(65_536, "a");
    for (let sent = 0; sent < 104_857_600 && client.send(piece); sent += piece.length)
      await new Promise(setImmediate);
    assert.match(await client.closed(), /^HTTP\/1\.1 413 [^]*too_large$/);
  });

  test(`${name}: a client that sends some MiB whole before it reads gets to read the refusal`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(1000)] });
    const length = 8 * 1024 * 1024;
    const client = connect(inbound.port, "127.0.0.1");
    t.after(() => client.destroy());
    client.write(`POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`);
    client.end(Buffer.alloc(length, "a"));
    await finished(client, { readable: false });
    assert.match(await text(client), /^HTTP\/1\.1 413 [^]*too_large$/);
  });

  test(`${name}: a chunked body is refused as soon as it exceeds the maximum`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(1000)] });
    const client = await wire(t, inbound.port);
    client.send("POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(`400\r\n${"a".repeat(1024)}\r\n`);
    const got = await client.answer();
    assert.deepEqual([got.status, got.body], [413, "too_large"]);
  });

  test(`${name}: a small body that nobody wanted leaves the connection usable`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)] });
    const client = await wire(t, inbound.port);
    for (const path of ["/in/a", "/other"]) {
      client.send(posting("a".repeat(5000), path));
      assert.equal((await client.answer()).status, path === "/other" ? 404 : 413);
    }
    client.send(posting("still"));
    assert.equal((await client.answer()).body, "5 still");
    assert.equal(inbound.stats().connections, 1);
  });

  test(`${name}: body bytes in flight are bounded over all requests and given back with the answer`, async (t) => {
    const release = Promise.withResolvers<void>();
    const held = route("/held", async (request) => {
      const body = await request.body(1000);
      await release.promise;
      return answer(200, body.kind);
    });
    const routes = [held, reading(1000)];
    const inbound = await listening(t, open, { routes, limits: { bodyBytesInFlightMax: 1000 } });
    const first = await wire(t, inbound.port);
    first.send(posting("a".repeat(600), "/held"));
    while (inbound.stats().bodyBytesInFlight < 600) await new Promise(setImmediate);
    const second = await wire(t, inbound.port);
    second.send(posting("b".repeat(600)));
    const refused = await second.answer();
    assert.deepEqual([refused.status, refused.body], [503, "busy"]);
    release.resolve();
    assert.equal((await first.answer()).body, "whole");
    while (inbound.stats().requests > 0) await new Promise(setImmediate);
    assert.equal(inbound.stats().bodyBytesInFlight, 0);
    const third = await wire(t, inbound.port);
    third.send(posting("c".repeat(1000)));
    assert.equal((await third.answer()).status, 200);
  });

  test(`${name}: the web app's bodies are limited to 4 MiB before it sees them`, async (t) => {
    let calls = 0;
    const inbound = await listening(t, open, { app: { fetch: () => new Response(String(++calls)) } });
    const declared = await wire(t, inbound.port);
    declared.send("POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\n\r\n");
    const got = await declared.answer();
    assertProblem(got, 413);
    assert.match(got.body, /4194304 bytes/);
    const whole = await wire(t, inbound.port);
    whole.send(posting("a".repeat(4_194_304), "/api"));
    assert.equal((await whole.answer()).body, "1");
  });

  test(`${name}: 100 Continue is sent when the body is wanted, and never when it is too large`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(100)] });
    const wanted = await wire(t, inbound.port);
    wanted.send("POST /in/a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert.equal((await wanted.answer()).status, 100);
    wanted.send("abc");
    assert.equal((await wanted.answer()).body, "3 abc");
    const refused = await wire(t, inbound.port);
    refused.send("POST /in/a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n");
    assert.equal((await refused.answer()).status, 413);
    const odd = await wire(t, inbound.port);
    odd.send("POST /in/a HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\n");
    assert.equal((await odd.answer()).status, 417);
  });
}

function slowSenders(name: string, open: OpenInbound): void {
  const limits = { headersTimeoutMs: 200, bodyTimeoutMs: 400, idleTimeoutMs: 200 };

  test(`${name}: headers that do not come to an end in time are answered 408`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)], limits });
    const client = await wire(t, inbound.port);
    client.send("GET /in/a HTTP/1.1\r\nHost: a\r\n");
    const drip = setInterval(() => client.send("X-Drip: 1\r\n"), 20);
    t.after(() => clearInterval(drip));
    assertProblem(await client.answer(), 408);
    await client.closed();
  });

  test(`${name}: a connection that never sends a byte is closed`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)], limits });
    const client = await wire(t, inbound.port);
    await client.closed();
    while (inbound.stats().connections > 0) await new Promise(setImmediate);
  });

  test(`${name}: a body that drips in is given up as slow, and its sender is told`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(1000)], limits });
    const client = await wire(t, inbound.port);
    client.send("POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n");
    const drip = setInterval(() => client.send("a"), 20);
    t.after(() => clearInterval(drip));
    const got = await client.answer();
    assert.deepEqual([got.status, got.body, got.headers["connection"]], [408, "slow", "close"]);
    await client.closed();
    while (inbound.stats().connections > 0) await new Promise(setImmediate);
    assert.deepEqual(inbound.stats(), { connections: 0, requests: 0, streams: 0, bodyBytesInFlight: 0 });
  });

  test(`${name}: a client that does not read its answer is cut off`, async (t) => {
    const large = route("/in/", () => Promise.resolve(answer(200, Buffer.alloc(32 * 1024 * 1024))));
    const inbound = await listening(t, open, { routes: [large], limits });
    const client = await wire(t, inbound.port);
    client.pause();
    client.send("GET /in/a HTTP/1.1\r\nHost: a\r\n\r\n");
    while (inbound.stats().requests === 0) await new Promise(setImmediate);
    while (inbound.stats().connections > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(inbound.stats().requests, 0);
  });

  test(`${name}: an idle connection is closed, one whose answer takes long is not`, async (t) => {
    const patient = route("/patient", async () => {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return answer(200, "late");
    });
    const inbound = await listening(t, open, { routes: [patient], limits });
    const client = await wire(t, inbound.port);
    client.send("GET /patient HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.answer()).body, "late");
    assert.equal(await client.closed(), "");
  });
}

const chunked = "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Requests on which two parsers could disagree (RFC 9112, 11.2), and plain nonsense. */
const malformedRequests: Readonly<Record<string, string>> = {
  "Content-Length beside Transfer-Encoding":
    "POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "Content-Length twice":
    "POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
  "a list of lengths": "POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nabcde",
  "a signed length": "POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nabcde",
  "a space before the colon":
    "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  "an unknown transfer coding":
    "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "an identity coding": "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc",
  "two codings": "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  "a coding after chunked":
    "POST /in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
  "a bare line feed": "POST /in/a HTTP/1.1\r\nHost: a\nContent-Length: 0\r\n\r\n",
  "a bare carriage return": "GET /in/a HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
  "a folded header": "GET /in/a HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n b\r\n\r\n",
  "a NUL in a header": "GET /in/a HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
  "no Host": "GET /in/a HTTP/1.1\r\n\r\n",
  "two Hosts": "GET /in/a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "no version": "GET /in/a\r\n\r\n",
  "an unknown version": "GET /in/a HTTP/1.2\r\nHost: a\r\n\r\n",
  "the start of TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

const malformedBodies: Readonly<Record<string, string>> = {
  "a chunk size that overflows": `${chunked}ffffffffffffffffff\r\nabc\r\n0\r\n\r\n`,
  "a chunk size that ends in a bare line feed": `${chunked}3\nabc\r\n0\r\n\r\n`,
  "a chunk longer than its size": `${chunked}3\r\nabcdef\r\n0\r\n\r\n`,
};

function malformed(name: string, open: OpenInbound): void {
  for (const [what, request] of Object.entries(malformedRequests)) {
    test(`${name}: a request with ${what} is answered 400, runs no route and ends the connection`, async (t) => {
      let calls = 0;
      const count = () => Promise.resolve(answer(200, String(++calls)));
      const inbound = await listening(t, open, { routes: [route("/", count)] });
      const client = await wire(t, inbound.port);
      client.send(Buffer.from(`${request}GET /in/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`, "latin1"));
      assertProblem(await client.answer(), 400);
      assert.equal(await client.closed(), "");
      assert.equal(calls, 0);
    });
  }

  for (const [what, request] of Object.entries(malformedBodies)) {
    test(`${name}: a body with ${what} is broken and ends the connection`, async (t) => {
      const inbound = await listening(t, open, { routes: [reading(1000)] });
      const client = await wire(t, inbound.port);
      client.send(`${request}GET /in/smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
      const got = await client.answer();
      assert.deepEqual([got.status, got.body, got.headers["connection"]], [400, "broken", "close"]);
      assert.equal(await client.closed(), "");
    });
  }
}
