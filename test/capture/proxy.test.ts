import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { operations } from "../../src/compose.ts";
import { searchRequests } from "../../src/planes/traffic/operations/search-requests.ts";
import { eventually } from "../journeys/eventually.ts";
import { freshFolder, launch, startServer } from "../journeys/server-process.ts";
import { freePort } from "../clients/loopback.ts";
import { captureServer } from "./capture-server.ts";
import { application, bodyOf, startProxy } from "./proxy-scene.ts";

test("bodies pass both ways unchanged, and what passed is recorded once the proxy ends", async (t) => {
  const server = await captureServer(t);
  const seen: Record<string, string | undefined> = {};
  const app = await application(t, (incoming, response) => {
    seen["forwarded"] = String(incoming.headers["x-forwarded-for"]);
    seen["host"] = incoming.headers.host;
    seen["connection"] = String(incoming.headers["x-hop"]);
    void bodyOf(incoming).then((body) =>
      response
        .writeHead(201, { "content-type": "application/json", "set-cookie": ["a=1", "b=2"] })
        .end(JSON.stringify({ got: body.length })),
    );
  });
  const proxy = await startProxy(t, { to: app.url, server: server.url, args: ["--environment", "staging"] });
  const body = "x".repeat(100_000);
  const answer = await fetch(`${proxy.url}/orders/7?token=canary-of-the-query`, {
    method: "POST",
    body,
    headers: { "content-type": "text/plain", authorization: "Bearer canary-of-the-header" },
  });
  assert.deepEqual([answer.status, await answer.json()], [201, { got: 100_000 }]);
  assert.deepEqual(answer.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.equal(seen["forwarded"], "127.0.0.1");
  assert.equal(seen["host"], new URL(proxy.url).host, "the application sees the name it was asked by");
  assert.equal(await proxy.end(), "Passed 1, recorded 1.");
  const [record, ...others] = await server.stored();
  assert.ok(record);
  assert.equal(others.length, 0);
  assert.deepEqual(
    [record.method, record.status, record.outcome, record.environment, record.facts["source"]],
    ["POST", 201, "answered", "staging", "sluice-proxy"],
  );
  assert.deepEqual([record.request.body?.size, record.request.body?.truncated], [100_000, true]);
  assert.equal(record.response?.body?.size, '{"got":100000}'.length);
  const everything = JSON.stringify([record.request.headers, record.path]);
  assert.ok(!everything.includes("canary-of-the"), "what is secret is replaced before it leaves");
});

test("nothing is held back: what is written on one side is there on the other before the rest is", async (t) => {
  const server = await captureServer(t);
  const heard = Promise.withResolvers<void>();
  const app = await application(t, (incoming, response) => {
    if (incoming.method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: one\n\n");
      void heard.promise.then(() => response.end("data: two\n\n"));
      return;
    }
    incoming.once("data", (chunk: Buffer) => {
      response.writeHead(200).write(`first ${chunk.toString()}`);
      incoming.resume().on("end", () => response.end(" last"));
    });
  });
  const proxy = await startProxy(t, { to: app.url, server: server.url });
  const events = await fetch(`${proxy.url}/events`);
  const reader = events.body!.getReader();
  const first = await reader.read();
  assert.equal(
    Buffer.from(first.value).toString(),
    "data: one\n\n",
    "the second comes only after this was read",
  );
  heard.resolve();
  const second = await reader.read();
  assert.equal(Buffer.from(second.value).toString(), "data: two\n\n");
  const upload = request(`${proxy.url}/upload`, { method: "POST" });
  upload.write("a");
  const [answer] = (await once(upload, "response")) as [IncomingMessage];
  const [chunk] = (await once(answer, "data")) as [Buffer];
  assert.equal(chunk.toString(), "first a", "the application answers while the request is still being sent");
  upload.end("b");
  assert.equal(await text(answer), " last");
  assert.equal(await proxy.end(), "Passed 2, recorded 2.");
});

test("a client that goes away is recorded as such, and the application hears of it", async (t) => {
  const server = await captureServer(t);
  const left = Promise.withResolvers<void>();
  const app = await application(t, (_incoming, response) => {
    response.writeHead(200).write("begun");
    response.once("close", () => left.resolve());
  });
  const proxy = await startProxy(t, { to: app.url, server: server.url });
  const asked = request(`${proxy.url}/slow`).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  await once(answer, "data");
  asked.destroy();
  await left.promise;
  await proxy.end();
  const [record] = await server.stored();
  assert.deepEqual([record?.outcome, record?.status], ["aborted", 200]);
});

test("an application that breaks off or is away is told apart from one that answers", async (t) => {
  const server = await captureServer(t);
  const app = await application(t, (incoming, response) => {
    response.writeHead(200, { "content-length": "10" }).write("half");
    setImmediate(() => incoming.socket.destroy());
  });
  const proxy = await startProxy(t, { to: app.url, server: server.url });
  await assert.rejects(
    fetch(`${proxy.url}/half`).then((it) => it.text()),
    "the client sees that it is not whole",
  );
  app.server.closeAllConnections();
  app.server.close();
  await once(app.server, "close");
  const gone = await fetch(`${proxy.url}/gone`);
  assert.deepEqual([gone.status, await gone.text()], [502, `Nothing answered at ${app.url}.\n`]);
  await proxy.end();
  const records = await server.stored();
  assert.deepEqual(
    records.map(({ outcome, status, error }) => [outcome, status, error]),
    [
      ["failed", 200, "reset"],
      ["failed", null, "connect_refused"],
    ],
  );
});

test("a compressed body passes as it is, and is recorded as what it says", async (t) => {
  const server = await captureServer(t);
  const plain = JSON.stringify({ name: "x".repeat(2_000) });
  const packed = gzipSync(plain);
  const app = await application(t, (_incoming, response) =>
    response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(packed),
  );
  const proxy = await startProxy(t, { to: app.url, server: server.url });
  assert.equal(await (await fetch(proxy.url)).text(), plain);
  await proxy.end();
  const body = (await server.stored())[0]?.response?.body;
  assert.equal(body?.size, packed.length, "the size is that of what passed");
  assert.ok(body);
  assert.ok(!Buffer.from(body.bytes).subarray(0, 2).equals(packed.subarray(0, 2)));
});

test("what a rule blocks is answered by the proxy, and the application never sees it", async (t) => {
  const server = await captureServer(t);
  const block = { name: "no admin", selection: { path: "/admin/**" }, status: 451, message: "Not here." };
  const createBlock = operations.find(({ name }) => name === "create_block");
  assert.ok(createBlock);
  await server.ask(createBlock, block);
  let asked = 0;
  const app = await application(t, (_incoming, response) => {
    asked += 1;
    response.end("ok");
  });
  const proxy = await startProxy(t, { to: app.url, server: server.url });
  const blocked = await fetch(`${proxy.url}/admin/users`, { method: "POST", body: "x".repeat(300_000) });
  assert.deepEqual([blocked.status, await blocked.text()], [451, "Not here.\n"]);
  assert.equal((await fetch(`${proxy.url}/users`)).status, 200);
  assert.equal(asked, 1);
  const raw = connect(proxy.port, "127.0.0.1");
  raw.end("GET /admin/live HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  assert.match(await text(raw), /^HTTP\/1\.1 451 /);
  await proxy.end();
  const outcomes = (await server.stored()).map(({ outcome, status }) => [outcome, status]);
  assert.deepEqual(outcomes, [
    ["blocked", 451],
    ["answered", 200],
    ["blocked", 451],
  ]);
});

test("a WebSocket passes byte by byte, and one that is refused opens no way past the rules", async (t) => {
  const server = await captureServer(t);
  let asked = 0;
  const app = await application(t, (_incoming, response) => {
    asked += 1;
    response.end("plain");
  });
  app.server.on("upgrade", (incoming, socket) => {
    if (incoming.url === "/closed") {
      socket.write("HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\nno");
      return;
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nhello ",
    );
    socket.on("data", (chunk: Buffer) => socket.write(chunk.toString().toUpperCase()));
    socket.on("end", () => socket.end());
  });
  const proxy = await startProxy(t, { to: app.url, server: server.url });
  const head = (path: string) =>
    `GET ${path} HTTP/1.1\r\nhost: app\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n`;
  const socket = connect(proxy.port, "127.0.0.1");
  let came = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (came += chunk));
  socket.write(`${head("/live")}early`);
  await eventually("the answer to what was sent early", async () =>
    came.endsWith("hello EARLY") ? true : undefined,
  );
  socket.write(" late");
  await eventually("the answer to what was sent late", async () =>
    came.endsWith("EARLY LATE") ? true : undefined,
  );
  socket.end();
  await once(socket, "close");

  const refused = connect(proxy.port, "127.0.0.1");
  let said = "";
  refused.setEncoding("latin1").on("data", (chunk: string) => (said += chunk));
  refused.write(head("/closed"));
  await eventually("the refusal", async () => (said.endsWith("no") ? true : undefined));
  refused.write("GET /behind HTTP/1.1\r\nhost: app\r\n\r\n");
  assert.equal(await (await fetch(proxy.url)).text(), "plain");
  assert.equal(asked, 1, "what was sent behind the refusal went nowhere");
  refused.destroy();
  const other = request(proxy.url, { headers: { connection: "upgrade", upgrade: "h2c" } }).end();
  const [answer] = (await once(other, "response")) as [IncomingMessage];
  assert.equal(await text(answer), "plain", "another protocol is not offered on, and HTTP goes on");
  await proxy.end();
  const statuses = (await server.stored()).map(({ status }) => status);
  assert.deepEqual(statuses, [101, 401, 200, 200]);
});

test("while the server of Sluice is away everything passes, and what waits is sent when it is back", async (t) => {
  const folder = await freshFolder(t);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const app = await application(t, (_incoming, response) => response.end("ok"));
  const proxy = await startProxy(t, { to: app.url, server: url });
  assert.match(proxy.said.join("\n"), /Nothing answers at .*\nUntil the server answers, nothing is blocked/);
  const headers = { "user-agent": "canary-agent" };
  assert.equal(await (await fetch(`${proxy.url}/users/7?token=canary-query`, { headers })).text(), "ok");
  const server = await startServer(t, { folder, environment: { SLUICE_PORT: String(port) } });
  assert.equal(await proxy.end(), "Passed 1, recorded 1.");
  const { requests } = await server.ask(searchRequests, {});
  assert.equal(requests.length, 1);
  assert.ok(
    !JSON.stringify(requests).includes("canary"),
    "before its rules were known only the form was recorded",
  );
});

test("a key that is refused is told at once, and an address that is none", async (t) => {
  const server = await captureServer(t);
  const key = `mk_${"proxyOnlyNotASecretAtAll".padEnd(49, "0")}`;
  await assert.rejects(startProxy(t, { to: "http://127.0.0.1:9", server: server.url, key }), {
    kind: "unauthenticated",
  });
  for (const to of [
    "localhost:3000",
    "ftp://localhost",
    "http://localhost:3000/base",
    "http://u:p@localhost",
  ])
    await assert.rejects(startProxy(t, { to, server: server.url }), { kind: "invalid" });
});

test("the command runs as people run it, until it is told to end", async (t) => {
  const server = await captureServer(t);
  const app = await application(t, (_incoming, response) => response.end("ok"));
  const command = ["src/main.ts", "proxy", "--to", app.url, "--port", "0"];
  const launched = launch(t, {
    folder: await freshFolder(t),
    command: [process.execPath, ...command],
    environment: { SLUICE_API_KEY: server.key, SLUICE_URL: server.url },
  });
  const url = await eventually(
    "a proxy that listens",
    async () => /Passing on (\S+) to/.exec(launched.output())?.[1],
  );
  assert.equal(await (await fetch(url)).text(), "ok");
  launched.send("SIGINT");
  assert.deepEqual(await launched.ended, { code: 0, signal: null });
  assert.match(launched.output(), /Passed 1, recorded 1\./);
  assert.equal((await server.stored()).length, 1);
});
