import assert from "node:assert/strict";
import { test } from "node:test";
import { listening, route, type OpenInbound } from "./conformance-world.ts";
import type { AnswerStream, RawRequest, StreamedAnswer } from "./inbound.ts";
import { wire } from "./wire.ts";

/** Answers that are open-ended, and several values of one header. */
export function streamConformance(name: string, open: OpenInbound): void {
  streaming(name, open);
  streamEnds(name, open);
}

const get = "GET /s HTTP/1.1\r\nHost: a\r\n\r\n";
const nothingLeft = { connections: 0, requests: 0, streams: 0, bodyBytesInFlight: 0 };

function streamOf(opened: (stream: AnswerStream) => void): StreamedAnswer {
  return {
    status: 200,
    headers: { "content-type": "text/event-stream" },
    heartbeat: ": keepalive\n\n",
    open: opened,
  };
}

/** A route whose streams are handed to the test in the order they were opened. */
function streams() {
  const waiting: ((stream: AnswerStream) => void)[] = [];
  const opened: AnswerStream[] = [];
  const hand = () => {
    while (waiting.length > 0 && opened.length > 0) {
      const [stream] = opened.splice(0, 1);
      if (stream !== undefined) waiting.shift()?.(stream);
    }
  };
  return {
    route: {
      prefix: "/s",
      handle: async () =>
        streamOf((stream) => {
          opened.push(stream);
          hand();
        }),
    },
    next: () =>
      new Promise<AnswerStream>((resolve) => {
        waiting.push(resolve);
        hand();
      }),
  };
}

function ended({ over }: AnswerStream): Promise<void> {
  if (over.aborted) return Promise.resolve();
  return new Promise((resolve) => over.addEventListener("abort", () => resolve(), { once: true }));
}

function streaming(name: string, open: OpenInbound): void {
  test(`${name}: a stream's headers are sent at once, what is written arrives as it is, and its end ends it`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route] });
    const client = await wire(t, inbound.port);
    client.send("POST /s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const stream = await served.next();
    assert.equal(inbound.stats().streams, 1);
    await client.seen(/content-type: text\/event-stream\r\n/);
    assert.equal(stream.write("data: 1\n\n"), true);
    await client.seen(/data: 1\n\n/);
    assert.equal(stream.write("data: 2\n\n"), true);
    stream.end();
    assert.equal(stream.write("data: 3\n\n"), false);
    const text = await client.closed();
    assert.match(text, /data: 2\n\n/);
    assert.doesNotMatch(text, /data: 3/);
    while (inbound.stats().connections > 0) await new Promise(setImmediate);
    assert.deepEqual(inbound.stats(), nothingLeft);
  });

  test(`${name}: a stream that says nothing is kept alive by its heartbeat`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route], limits: { streamHeartbeatMs: 20 } });
    const client = await wire(t, inbound.port);
    client.send(get);
    await served.next();
    await client.seen(/(: keepalive\n\n[^:]*){3}/);
  });

  test(`${name}: the connection of a stream that ended takes the next request`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route, route("/a", async () => whole)] });
    const client = await wire(t, inbound.port);
    client.send(get);
    (await served.next()).end();
    await client.seen(/0\r\n\r\n/);
    client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    await client.seen(/HTTP\/1.1 201/);
  });

  test(`${name}: the body of a request that is answered by a stream is in flight no more`, async (t) => {
    const served = streams();
    const reading = {
      prefix: "/s",
      handle: async (request: RawRequest) => {
        await request.body(1_000);
        return served.route.handle();
      },
    };
    const inbound = await listening(t, open, { routes: [reading] });
    const client = await wire(t, inbound.port);
    client.send(`POST /s HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n${"a".repeat(500)}`);
    await served.next();
    assert.partialDeepStrictEqual(inbound.stats(), { streams: 1, bodyBytesInFlight: 0 });
  });

  test(`${name}: several values of one header are several headers`, async (t) => {
    const cookies = { ...whole, headers: { "set-cookie": ["a=1", "b=2"] } };
    const inbound = await listening(t, open, { routes: [route("/a", async () => cookies)] });
    const client = await wire(t, inbound.port);
    client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(await client.closed(), /set-cookie: a=1\r\nset-cookie: b=2\r\n/);
  });
}

const whole = { status: 201, headers: {}, body: "" };

function streamEnds(name: string, open: OpenInbound): void {
  test(`${name}: a stream whose reader goes away is over, and leaves nothing behind`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route] });
    const client = await wire(t, inbound.port);
    client.send(get);
    const stream = await served.next();
    client.reset();
    await ended(stream);
    assert.equal(stream.write("data: 1\n\n"), false);
    while (inbound.stats().connections > 0) await new Promise(setImmediate);
    assert.deepEqual(inbound.stats(), nothingLeft);
  });

  test(`${name}: a reader that takes nothing is cut off once too much waits for it`, async (t) => {
    const served = streams();
    const limits = { streamBytesWaitingMax: 100_000 };
    const inbound = await listening(t, open, { routes: [served.route], limits });
    const client = await wire(t, inbound.port);
    client.send(get);
    client.pause();
    const stream = await served.next();
    const piece = "x".repeat(50_000);
    let written = 0;
    // What the system buffers for a connection comes on top of the limit.
    while (stream.write(piece) && written < 1_000) {
      written++;
      await new Promise(setImmediate);
    }
    assert.ok(written < 1_000, "it would go on");
    assert.equal(stream.over.aborted, true);
    while (inbound.stats().connections > 0) await new Promise(setImmediate);
    assert.deepEqual(inbound.stats(), nothingLeft);
  });

  test(`${name}: more streams than may be open are answered 503, and a place is given back`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route], limits: { streamsMax: 1 } });
    const first = await wire(t, inbound.port);
    first.send(get);
    const stream = await served.next();
    const second = await wire(t, inbound.port);
    second.send(get);
    assert.equal((await second.answer()).status, 503);
    assert.equal((await served.next()).over.aborted, true);
    stream.end();
    while (inbound.stats().streams > 0) await new Promise(setImmediate);
    second.send(get);
    assert.equal((await served.next()).over.aborted, false);
  });

  test(`${name}: closing ends streams at once and does not wait out its grace for them`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route] });
    const client = await wire(t, inbound.port);
    client.send(get);
    const stream = await served.next();
    stream.write("data: last\n\n");
    await inbound.close(24 * 3_600_000);
    assert.match(await client.closed(), /data: last\n\n[^]*0\r\n\r\n$/);
    assert.equal(stream.over.aborted, true);
    assert.deepEqual(inbound.stats(), nothingLeft);
  });

  test(`${name}: closing does not wait for a reader that takes nothing of its stream`, async (t) => {
    const served = streams();
    const inbound = await listening(t, open, { routes: [served.route] });
    const client = await wire(t, inbound.port);
    client.send(get);
    client.pause();
    const stream = await served.next();
    stream.write("x".repeat(16 * 1024 * 1024));
    await inbound.close(24 * 3_600_000);
    assert.deepEqual(inbound.stats(), nothingLeft);
  });

  test(`${name}: a stream that would begin while the listener closes is over from the beginning`, async (t) => {
    const begin = Promise.withResolvers<void>();
    const seen = Promise.withResolvers<AnswerStream>();
    const late = {
      prefix: "/s",
      handle: async () => {
        await begin.promise;
        return streamOf(seen.resolve);
      },
    };
    const inbound = await listening(t, open, { routes: [late] });
    const client = await wire(t, inbound.port);
    client.send(get);
    while (inbound.stats().requests === 0) await new Promise(setImmediate);
    const closed = inbound.close(24 * 3_600_000);
    begin.resolve();
    await ended(await seen.promise);
    await closed;
    assert.deepEqual(inbound.stats(), nothingLeft);
  });
}
