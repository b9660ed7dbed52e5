import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { Socket } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { answered, post, unreachableReason } from "./conformance-world.ts";
import type { OpenOutbound } from "./conformance-world.ts";
import { faultTarget, portOf } from "./fault-target.ts";
import type { Script } from "./fault-target.ts";
import type { OutboundRequest } from "./outbound.ts";

const allow = "127.0.0.0/8";

/** What becomes of an answer, whole or broken, in every way a target can fail. */
export function answerConformance(name: string, open: OpenOutbound): void {
  wholeAnswers(name, open);
  brokenAnswers(name, open);
  deadlines(name, open);
}

function text(body: Uint8Array): string {
  return Buffer.from(body).toString("latin1");
}

function wholeAnswers(name: string, open: OpenOutbound): void {
  test(`${name}: names, order and duplicates of headers are kept in both directions`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.write("HTTP/1.1 200 OK\r\nX-B: 1\r\nx-a: 2\r\nX-B: \xe9\r\nContent-Length: 2\r\n\r\nok"),
    );
    const headers = [
      ["X-Twice", "1"],
      ["content-type", "application/json"],
      ["X-Twice", "caf\xe9"],
    ] as const;
    const outcome = answered(await open(t, { allow }).send(post(`${target.url}?q=1`, { headers })));
    assert.deepEqual(outcome.headers, [
      ["X-B", "1"],
      ["x-a", "2"],
      ["X-B", "\xe9"],
      ["Content-Length", "2"],
    ]);
    assert.equal(text(outcome.body), "ok");
    assert.equal(outcome.truncated, false);
    assert.equal(outcome.broken, null);
    assert.equal(outcome.timing.address, "127.0.0.1");
    assert.ok(outcome.timing.firstByteMs !== null && outcome.timing.firstByteMs <= outcome.timing.totalMs);
    const [request = ""] = target.requests;
    assert.ok(request.startsWith("POST /hook?q=1 HTTP/1.1\r\n"));
    assert.match(request, /X-Twice: 1\r\ncontent-type: application\/json\r\nX-Twice: caf\xe9\r\n/);
    assert.ok(request.endsWith('\r\n\r\n{"fake":true}'));
    assert.doesNotMatch(request, /accept-encoding|user-agent/i);
  });

  test(`${name}: a redirect is an answer; it is not followed and a POST stays one request`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.write("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/inner\r\nContent-Length: 0\r\n\r\n"),
    );
    const outcome = answered(await open(t, { allow }).send(post(target.url)));
    assert.equal(outcome.status, 302);
    assert.equal(target.requests.length, 1);
  });

  test(`${name}: 204, 304 and the answer to HEAD have no body and end at their headers`, async (t) => {
    const target = await faultTarget(t, (socket, request) =>
      socket.write(
        request.startsWith("HEAD")
          ? "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
          : `HTTP/1.1 ${request.includes("/204") ? "204 No Content" : "304 Not Modified"}\r\n\r\n`,
      ),
    );
    const outbound = open(t, { allow });
    const cases: [string, string, number][] = [
      ["POST", "/204", 204],
      ["GET", "/304", 304],
      ["HEAD", "/200", 200],
    ];
    for (const [method, path, status] of cases) {
      const url = new URL(path, target.url).href;
      const body = method === "POST" ? Buffer.from("x") : null;
      const outcome = answered(await outbound.send(post(url, { method, body })));
      assert.deepEqual([outcome.status, outcome.body.length, outcome.truncated], [status, 0, false]);
    }
  });

  test(`${name}: informational answers before the final one are passed over`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.write(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nX-Final: 1\r\nContent-Length: 0\r\n\r\n",
      ),
    );
    const outcome = answered(await open(t, { allow }).send(post(target.url)));
    assert.deepEqual([outcome.status, outcome.headers[0]], [200, ["X-Final", "1"]]);
  });

  test(`${name}: a compressed body stays compressed`, async (t) => {
    const bomb = gzipSync(Buffer.alloc(8 * 1024 * 1024));
    const target = await faultTarget(t, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const outcome = answered(await open(t, { allow }).send(post(target.url, { readMax: 65_536 })));
    assert.deepEqual(Buffer.from(outcome.body), bomb);
  });

  test(`${name}: an endless body is read up to readMax and the connection is destroyed`, async (t) => {
    const { promise: gone, resolve: closed } = Promise.withResolvers<void>();
    let sent = 0;
    const piece = Buffer.alloc(65_536, "a");
    const target = await faultTarget(t, (socket) => {
      socket.on("close", () => closed());
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
      const pump = () => {
        while (!socket.destroyed && socket.write(piece)) sent += piece.length;
      };
      socket.on("drain", pump);
      pump();
    });
    const outcome = answered(await open(t, { allow }).send(post(target.url, { readMax: 100_000 })));
    assert.deepEqual([outcome.body.length, outcome.truncated, outcome.broken], [100_000, true, null]);
    await gone;
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  });

  test(`${name}: a body of exactly readMax bytes is whole`, async (t) => {
    const target = await faultTarget(t, (socket) =>
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    );
    const outbound = open(t, { allow });
    const whole = answered(await outbound.send(post(target.url, { readMax: 5 })));
    assert.deepEqual([text(whole.body), whole.truncated], ["abcde", false]);
    const cut = answered(await outbound.send(post(target.url, { readMax: 4 })));
    assert.deepEqual([text(cut.body), cut.truncated, cut.broken], ["abcd", true, null]);
  });
}

const faults: readonly (readonly [what: string, reason: string, script: Script])[] = [
  ["closes before it answers", "reset", (socket) => socket.end()],
  ["resets before it answers", "reset", (socket) => socket.resetAndDestroy()],
  ["speaks something else", "protocol", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n")],
  ["sends a broken header", "protocol", (socket) => socket.write("HTTP/1.1 200 OK\r\nX y: 1\r\n\r\n")],
  [
    "switches protocols unasked",
    "protocol",
    (socket) => socket.write("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
  ],
  [
    "sends more than 32 KiB of headers",
    "protocol",
    (socket) => socket.write(`HTTP/1.1 200 OK\r\n${`X-Long: ${"a".repeat(1000)}\r\n`.repeat(64)}\r\n`),
  ],
];

function brokenAnswers(name: string, open: OpenOutbound): void {
  for (const [what, reason, script] of faults) {
    test(`${name}: a target that ${what} is unreachable: ${reason}`, async (t) => {
      const target = await faultTarget(t, script);
      assert.equal(unreachableReason(await open(t, { allow }).send(post(target.url))), reason);
      assert.equal(target.requests.length, 1, "a fresh connection is not tried twice");
    });
  }

  test(`${name}: a port where nothing listens is unreachable: connect_refused`, async (t) => {
    const server = createServer();
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    const port = portOf(server);
    await new Promise((closed) => server.close(closed));
    assert.equal(
      unreachableReason(await open(t, { allow }).send(post(`http://127.0.0.1:${port}/`))),
      "connect_refused",
    );
  });

  const cut = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
  const breaks: [string, (socket: Socket) => void][] = [
    ["closes", (socket) => socket.end(cut)],
    ["resets", (socket) => socket.write(cut, () => setImmediate(() => socket.resetAndDestroy()))],
  ];
  for (const [what, script] of breaks) {
    test(`${name}: a target that ${what} in the middle of the body has answered, broken off`, async (t) => {
      const target = await faultTarget(t, script);
      const outcome = answered(await open(t, { allow }).send(post(target.url)));
      assert.deepEqual([outcome.status, outcome.truncated, outcome.broken], [200, true, "reset"]);
      assert.ok("abc".startsWith(text(outcome.body)));
    });
  }

  const illegal: [string, Partial<OutboundRequest>][] = [
    ["a header name with a space", { headers: [["bad name", "1"]] }],
    ["a header value with a line break", { headers: [["x-split", "1\r\nx-evil: 1"]] }],
    ["a header of the transport", { headers: [["Transfer-Encoding", "chunked"]] }],
    ["another Host", { headers: [["Host", "elsewhere.fake-dns.com"]] }],
    ["another length", { headers: [["content-length", "1"]] }],
    ["a method that is no token", { method: "PO ST" }],
    ["CONNECT", { method: "CONNECT", body: null }],
  ];
  for (const [what, more] of illegal) {
    test(`${name}: a request with ${what} is unreachable: protocol, and sends nothing`, async (t) => {
      const target = await faultTarget(t, (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n"));
      assert.equal(unreachableReason(await open(t, { allow }).send(post(target.url, more))), "protocol");
      assert.equal(target.requests.length, 0);
    });
  }
}

function deadlines(name: string, open: OpenOutbound): void {
  const drip: Script = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    const timer = setInterval(() => socket.write("a"), 10);
    socket.on("close", () => clearInterval(timer));
  };
  const slowHeaders: Script = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    const timer = setInterval(() => socket.write("X-Drip: 1\r\n"), 10);
    socket.on("close", () => clearInterval(timer));
  };

  test(`${name}: a target that never answers is unreachable: timeout`, async (t) => {
    const target = await faultTarget(t, () => undefined);
    const outcome = await open(t, { allow }).send(post(target.url, { timeoutMs: 100 }));
    assert.equal(unreachableReason(outcome), "timeout");
    assert.equal(outcome.timing.firstByteMs, null);
  });

  test(`${name}: headers that drip in do not push the deadline out`, async (t) => {
    const target = await faultTarget(t, slowHeaders);
    assert.equal(
      unreachableReason(await open(t, { allow }).send(post(target.url, { timeoutMs: 150 }))),
      "timeout",
    );
  });

  test(`${name}: a body that drips past the deadline has answered, broken off by it`, async (t) => {
    const target = await faultTarget(t, drip);
    const outcome = answered(await open(t, { allow }).send(post(target.url, { timeoutMs: 300 })));
    assert.deepEqual([outcome.status, outcome.truncated, outcome.broken], [200, true, "timeout"]);
  });

  test(`${name}: the deadline covers resolving the name`, async (t) => {
    const outbound = open(t, { lookup: () => new Promise(() => undefined) });
    const outcome = await outbound.send(post("http://hangs.fake-dns.com/", { timeoutMs: 50 }));
    assert.equal(unreachableReason(outcome), "connect_timeout");
  });

  test(`${name}: the caller's signal ends a request before and while it is under way`, async (t) => {
    const stop = new AbortController();
    const target = await faultTarget(t, () => stop.abort());
    const outbound = open(t, { allow });
    assert.equal(
      unreachableReason(await outbound.send(post(target.url, { signal: stop.signal }))),
      "aborted",
    );
    assert.equal(
      unreachableReason(await outbound.send(post(target.url, { signal: stop.signal }))),
      "aborted",
    );
    assert.equal(target.requests.length, 1);
  });

  test(`${name}: closing ends what is under way, and nothing is sent afterwards`, async (t) => {
    const target = await faultTarget(t, () => void outbound.close());
    const outbound = open(t, { allow });
    assert.equal(unreachableReason(await outbound.send(post(target.url))), "aborted");
    assert.equal(unreachableReason(await outbound.send(post(target.url))), "aborted");
    assert.equal(target.requests.length, 1);
  });

  test(`${name}: a deadline outside 1 to 120,000 ms is a programming error`, async (t) => {
    const outbound = open(t);
    for (const timeoutMs of [0, 120_001, Number.NaN])
      assert.throws(() => outbound.send(post("http://example.com/", { timeoutMs })), RangeError);
  });
}
