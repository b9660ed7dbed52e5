import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { answered, post, unreachableReason } from "./conformance-world.ts";
import type { OpenOutbound } from "./conformance-world.ts";
import { afterwards, faultTarget, portOf } from "./fault-target.ts";

type Tls = { readonly key: string; readonly cert: string; readonly ca: string };

const allow = "127.0.0.0/8";

/** How connections are kept, replaced, counted and secured. */
export function connectionConformance(name: string, open: OpenOutbound, tls: Tls): void {
  keptAlive(name, open);
  overTls(name, open, tls);
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function keptAlive(name: string, open: OpenOutbound): void {
  test(`${name}: one connection carries one request after the other`, async (t) => {
    const target = await faultTarget(t, (socket) => socket.write(ok));
    const outbound = open(t, { allow });
    for (let i = 0; i < 5; i++) answered(await outbound.send(post(target.url)));
    assert.equal(target.connections(), 1);
  });

  test(`${name}: more requests at once than connections all get their answer`, async (t) => {
    const target = await faultTarget(t, (socket) => setImmediate(() => socket.write(ok)));
    const outbound = open(t, { allow });
    const outcomes = await Promise.all(Array.from({ length: 300 }, () => outbound.send(post(target.url))));
    assert.ok(outcomes.every((outcome) => outcome.kind === "answered"));
    assert.equal(target.requests.length, 300);
    assert.ok(target.connections() <= 64, `${target.connections()} connections`);
  });

  test(`${name}: a kept-alive connection that the target reset is replaced at once, one time`, async (t) => {
    const target = await faultTarget(t, (socket, _request, count) => {
      if (count === 2) socket.resetAndDestroy();
      else socket.write(ok);
    });
    const outbound = open(t, { allow });
    answered(await outbound.send(post(target.url)));
    answered(await outbound.send(post(target.url)));
    assert.deepEqual([target.requests.length, target.connections()], [3, 2]);
  });

  test(`${name}: a target that resets the second connection as well is unreachable: reset`, async (t) => {
    const target = await faultTarget(t, (socket, _request, count) => {
      if (count === 1) socket.write(ok);
      else socket.resetAndDestroy();
    });
    const outbound = open(t, { allow });
    answered(await outbound.send(post(target.url)));
    assert.equal(unreachableReason(await outbound.send(post(target.url))), "reset");
    assert.equal(target.requests.length, 3);
  });

  test(`${name}: once a byte of the answer came the request is not sent again`, async (t) => {
    const target = await faultTarget(t, (socket, _request, count) => {
      if (count === 1) socket.write(ok);
      else socket.write("HTTP/1.1 2", () => setImmediate(() => socket.resetAndDestroy()));
    });
    const outbound = open(t, { allow });
    answered(await outbound.send(post(target.url)));
    assert.equal((await outbound.send(post(target.url))).kind, "unreachable");
    assert.equal(target.requests.length, 2);
  });

  test(`${name}: a connection that the target said it closes is not used again`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
    );
    const outbound = open(t, { allow });
    for (let i = 0; i < 3; i++) answered(await outbound.send(post(target.url)));
    assert.deepEqual([target.requests.length, target.connections()], [3, 3]);
  });
}

function overTls(name: string, open: OpenOutbound, tls: Tls): void {
  const lookup = () => Promise.resolve(["127.0.0.1"]);

  test(`${name}: a certificate of a trusted authority for the right name is answered`, async (t) => {
    const target = await faultTarget(t, (socket) => socket.write(ok), tls);
    const outbound = open(t, { allow, lookup, ca: tls.ca });
    for (const host of ["hooks.fake-target.dev", "127.0.0.1"])
      answered(await outbound.send(post(`https://${host}:${target.port}/`)));
  });

  test(`${name}: an unknown authority, a wrong name and plain HTTP are unreachable: tls`, async (t) => {
    const target = await faultTarget(t, (socket) => socket.write(ok), tls);
    const url = `https://hooks.fake-target.dev:${target.port}/`;
    assert.equal(unreachableReason(await open(t, { allow, lookup }).send(post(url))), "tls");
    const trusting = open(t, { allow, lookup, ca: tls.ca });
    assert.equal(
      unreachableReason(await trusting.send(post(`https://other.fake-target.dev:${target.port}/`))),
      "tls",
    );
    assert.equal(target.requests.length, 0);
    const plain = createServer((socket) =>
      socket
        .on("error", () => socket.destroy())
        .resume()
        .end("HTTP/1.1 400 No\r\n\r\n"),
    );
    await new Promise<void>((ready) => plain.listen(0, "127.0.0.1", ready));
    afterwards(t, () => new Promise((closed) => plain.close(() => closed())));
    const port = portOf(plain);
    assert.equal(unreachableReason(await trusting.send(post(`https://127.0.0.1:${port}/`))), "tls");
  });
}
