import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../kernel/failure.ts";
import type { OpenInbound } from "./conformance-world.ts";
import { answer, listening, posting, reading, route } from "./conformance-world.ts";
import type { RawRequest } from "./inbound.ts";
import { wire } from "./wire.ts";

/** How connections are kept, lost and closed. */
export function connectionConformance(name: string, open: OpenInbound): void {
  lost(name, open);
  closing(name, open);
}

function lost(name: string, open: OpenInbound): void {
  for (const how of ["reset", "end"] as const) {
    test(`${name}: a sender that goes away (${how}) in the middle of the body leaves nothing behind`, async (t) => {
      const result = Promise.withResolvers<string>();
      const noting = route("/in/", async (request: RawRequest) => {
        const body = await request.body(1000);
        result.resolve(body.kind);
        return answer(400);
      });
      const inbound = await listening(t, open, { routes: [noting] });
      const client = await wire(t, inbound.port);
      client.send("POST /in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
      while (inbound.stats().bodyBytesInFlight < 3) await new Promise(setImmediate);
      client[how]();
      assert.equal(await result.promise, "broken");
      await client.closed();
      while (inbound.stats().connections > 0) await new Promise(setImmediate);
      assert.deepEqual(inbound.stats(), { connections: 0, requests: 0, streams: 0, bodyBytesInFlight: 0 });
    });
  }

  test(`${name}: a client that floods requests without waiting for answers is cut off`, async (t) => {
    let calls = 0;
    const never = () => {
      calls += 1;
      return new Promise<never>(() => undefined);
    };
    const inbound = await listening(t, open, { routes: [route("/in/", never)] });
    const client = await wire(t, inbound.port);
    client.send("GET /in/a HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5000));
    assert.equal(await client.closed(), "");
    assert.equal(calls, 100);
    while (inbound.stats().connections > 0) await new Promise(setImmediate);
    assert.equal(inbound.stats().requests, 0);
  });

  test(`${name}: after every refusal new connections are served as before`, async (t) => {
    const inbound = await listening(t, open, { routes: [reading(10)] });
    for (const request of [
      "\r\n\0",
      posting("a".repeat(11)),
      "POST /in/a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ]) {
      const client = await wire(t, inbound.port);
      client.send(request);
      await client.answer();
    }
    const client = await wire(t, inbound.port);
    for (let i = 0; i < 3; i++) {
      client.send(posting("fine"));
      assert.equal((await client.answer()).body, "4 fine");
    }
  });
}

function closing(name: string, open: OpenInbound): void {
  test(`${name}: closing lets requests under way finish, closes idle connections and accepts no more`, async (t) => {
    const release = Promise.withResolvers<void>();
    const held = route("/held", async () => {
      await release.promise;
      return answer(200, "finished");
    });
    const inbound = await listening(t, open, { routes: [held, reading(10)] });
    const idle = await wire(t, inbound.port);
    idle.send(posting("a"));
    await idle.answer();
    const busy = await wire(t, inbound.port);
    busy.send("GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    while (inbound.stats().requests === 0) await new Promise(setImmediate);
    const closed = inbound.close(20_000);
    assert.equal(await idle.closed(), "");
    await assert.rejects(wire(t, inbound.port));
    release.resolve();
    const last = await busy.answer();
    assert.deepEqual([last.body, last.headers["connection"]], ["finished", "close"]);
    await closed;
    assert.equal(inbound.stats().connections, 0);
  });

  test(`${name}: closing ends after the grace what does not finish`, async (t) => {
    const never = route("/never", () => new Promise<never>(() => undefined));
    const inbound = await listening(t, open, { routes: [never] });
    const client = await wire(t, inbound.port);
    client.send("GET /never HTTP/1.1\r\nHost: a\r\n\r\n");
    while (inbound.stats().requests === 0) await new Promise(setImmediate);
    await inbound.close(50);
    assert.equal(await client.closed(), "");
    assert.deepEqual(inbound.stats(), { connections: 0, requests: 0, streams: 0, bodyBytesInFlight: 0 });
  });

  test(`${name}: a port in use is a failure that names the setting`, async (t) => {
    const inbound = await listening(t, open, {});
    assert.equal(inbound.url, `http://127.0.0.1:${inbound.port}`);
    await assert.rejects(listening(t, open, { port: inbound.port }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.kind, "unavailable");
      assert.ok(error.message.includes(`Port ${inbound.port} on 127.0.0.1 is already in use`));
      assert.match(error.detail.hint ?? "", /SLUICE_PORT/);
      return true;
    });
    await assert.rejects(listening(t, open, { host: "192.0.2.1" }), /SLUICE_HOST|not an address/);
  });
}
