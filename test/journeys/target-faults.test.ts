import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer, type ServerResponse } from "node:http";
import { createServer as createSocketServer, type AddressInfo, type Socket } from "node:net";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getEndpoint } from "../../src/planes/webhooks/operations/get-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import { engines, type Tables } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { accountFor, assertStored } from "./nothing-lost.ts";
import { isReady, startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget, type Behaviour, type Target } from "./target.ts";

const gigabyte = 1024 ** 3;
const keptMost = 256 * 1024;
const chunk = Buffer.alloc(1024 ** 2, "x");
const bomb = gzipSync(Buffer.alloc(64 * 1024 ** 2));

/** Writes until a gigabyte is sent or the reader has enough; tells how much it was. */
const sent = { bytes: 0 };
function pour(response: ServerResponse): void {
  sent.bytes += chunk.length;
  if (sent.bytes >= gigabyte || response.destroyed) response.end();
  else if (response.write(chunk)) setImmediate(pour, response);
  else response.once("drain", () => pour(response));
}

/** One byte now and then, without end. */
function drip(write: () => boolean, response: ServerResponse): void {
  const timer = setInterval(write, 20);
  response.once("close", () => clearInterval(timer));
}

/** A way for a target to fail an attempt, and the error that is to be recorded of it. */
type Fault = { readonly behaviour: Behaviour; readonly error: string; readonly status: number | null };

const faults: Readonly<Record<string, Fault>> = {
  "hangs without an answer": { behaviour: () => {}, error: "timeout", status: null },
  "drips its headers byte by byte": {
    behaviour(response) {
      const { socket } = response;
      socket?.write("HTTP/1.1 200 OK\r\nx-drip: ");
      drip(() => socket?.write("x") ?? false, response);
    },
    error: "timeout",
    status: null,
  },
  "resets the connection": {
    behaviour: (response) => response.socket?.resetAndDestroy(),
    error: "reset",
    status: null,
  },
  "does not speak HTTP": {
    behaviour: (response) => response.socket?.end("220 mail.example ESMTP\r\n"),
    error: "protocol",
    status: null,
  },
  "redirects elsewhere": {
    behaviour: (response) => response.writeHead(302, { location: "/elsewhere" }).end(),
    error: "status_302",
    status: 302,
  },
  "answers 500": {
    behaviour: (response) => response.writeHead(500).end("out of order"),
    error: "status_500",
    status: 500,
  },
  "answers 500 and drips its body": {
    behaviour(response) {
      response.writeHead(500).write("x");
      drip(() => response.write("x"), response);
    },
    error: "status_500",
    status: 500,
  },
  "answers 429 and says when to come again": {
    behaviour: (response) => response.writeHead(429, { "retry-after": "3600" }).end(),
    error: "status_429",
    status: 429,
  },
  "answers 503 and says when to come again": {
    behaviour: (response) => response.writeHead(503, { "retry-after": "3600" }).end(),
    error: "status_503",
    status: 503,
  },
};

/** A server that delivers to whatever each test sets up: it must stay healthy through all of them. */
type Place = {
  readonly server: ServerProcess;
  readonly startTarget: typeof startTarget;
  /** An endpoint that gives an attempt one second; answers its id and how to send it a webhook. */
  deliverTo(
    targetUrl: string,
  ): Promise<{ readonly endpointId: string; send(body?: string): Promise<string> }>;
  /** What holds whatever a target did. */
  assertWell(): Promise<void>;
};

function placeOf(server: ServerProcess, tables: Tables): Place {
  let endpoints = 0;
  const acknowledged: string[] = [];
  const targets: Target[] = [];
  const times = (event: string) => targets.reduce((sum, target) => sum + target.times(event), 0);
  return {
    server,
    async startTarget(t, make) {
      const target = await startTarget(t, make);
      targets.push(target);
      return target;
    },
    async assertWell() {
      await assertStored({ server, tables, target: { times } }, acknowledged);
      assert.equal((await accountFor({ server })).received, acknowledged.length);
    },
    async deliverTo(targetUrl) {
      const name = `endpoint ${++endpoints}`;
      const made = await server.ask(createEndpoint, { name, targetUrl, timeoutSeconds: 1 });
      return {
        endpointId: made.id,
        async send(body = "{}") {
          const answer = await fetch(made.ingestUrl, { method: "POST", body });
          assert.equal(answer.status, 200);
          const { id } = (await answer.json()) as { id: string };
          acknowledged.push(id);
          return id;
        },
      };
    },
  };
}

/** The log of a webhook once this many attempts at it are recorded. */
function attempted({ server }: Place, logId: string, attempts: number) {
  return eventually(`attempt ${attempts}`, async () => {
    const log = await server.ask(getLogDetail, { logId });
    return log.attempts.length >= attempts ? log : undefined;
  });
}

/** One webhook to a target that cannot take it: one failed attempt, its error, the next one planned, nothing harmed. */
async function assertFails(place: Place, targetUrl: string, { error, status }: Omit<Fault, "behaviour">) {
  const { send } = await place.deliverTo(targetUrl);
  const log = await attempted(place, await send(), 1);
  assert.equal(log.state, "pending");
  const [first] = log.attempts;
  assert.ok(first);
  assert.partialDeepStrictEqual(first, { attempt: 1, outcome: "failed", error, status });
  assert.ok(first.nextAttemptAt !== null && first.nextAttemptAt > first.at, "there will be another attempt");
  assert.ok(await isReady(place.server.url), "the server is well");
  return first;
}

/** Answers 200 as soon as a request begins, and reads no further. */
async function answersEarly(t: TestContext) {
  let requests = 0;
  const server = createSocketServer((socket) => {
    t.after(() => socket.destroy());
    socket.on("error", () => socket.destroy());
    socket.once("data", () => {
      requests++;
      socket.pause();
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nthanks");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, requests: () => requests };
}

for (const engine of engines)
  test(`${engine.name}: deliveries to targets that misbehave`, async (context) => {
    const { tables, ...prepared } = await engine.prepare(context);
    const place = placeOf(await startServer(context, prepared), tables);
    context.afterEach(() => place.assertWell());

    for (const [name, { behaviour, ...recorded }] of Object.entries(faults))
      await context.test(
        `a target that ${name}: recorded as ${recorded.error}, tried again later`,
        async (t) => {
          const target = await place.startTarget(t);
          target.behave(behaviour);
          await assertFails(place, target.url, recorded);
          assert.deepEqual(
            target.seen.map(({ path }) => path),
            ["/hook"],
            "nothing else was asked of it",
          );
        },
      );

    await context.test(
      "a port where nobody listens: recorded as connect_refused, tried again later",
      async () => {
        const gone = createServer();
        await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
        const { port } = gone.address() as AddressInfo;
        await new Promise((resolve) => gone.close(resolve));
        await assertFails(place, `http://127.0.0.1:${port}/hook`, { error: "connect_refused", status: null });
      },
    );

    await context.test(
      "a certificate nobody vouches for: recorded as tls, and nothing is sent",
      async (t) => {
        const pem = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url));
        const tls = { key: pem("not-a-secret.key.pem"), cert: pem("server.pem") };
        const target = await place.startTarget(t, () => createTlsServer(tls));
        await assertFails(place, target.url.replace("http:", "https:"), { error: "tls", status: null });
        assert.equal(target.connections(), 1);
        assert.deepEqual(target.seen, []);
      },
    );

    await context.test(
      "of a gigabyte little is read and less is kept, whether the answer is good or bad",
      async (t) => {
        for (const status of [200, 500]) {
          const target = await place.startTarget(t);
          target.behave((response) => {
            sent.bytes = 0;
            pour(response.writeHead(status));
          });
          const { send } = await place.deliverTo(target.url);
          const [first] = (await attempted(place, await send(), 1)).attempts;
          assert.equal(first?.outcome, status === 200 ? "delivered" : "failed");
          assert.equal(first.untrusted.body?.truncated, true);
          assert.ok(first.untrusted.body.size <= keptMost);
          assert.ok(sent.bytes < gigabyte / 8, `${sent.bytes} bytes were taken`);
        }
      },
    );

    await context.test("a gzip bomb is kept as it came, not blown up", async (t) => {
      const target = await place.startTarget(t);
      target.behave((response) => response.writeHead(500, { "content-encoding": "gzip" }).end(bomb));
      const { send } = await place.deliverTo(target.url);
      const [first] = (await attempted(place, await send(), 1)).attempts;
      assert.equal(first?.untrusted.body?.size, bomb.length);
    });

    await context.test(
      "Retry-After of a 429 holds all deliveries of the endpoint, and of no other",
      async (t) => {
        const retryAfterMs = 2_000;
        const [busy, free] = [await place.startTarget(t), await place.startTarget(t)];
        busy.behave((response) =>
          response.writeHead(429, { "retry-after": String(retryAfterMs / 1_000) }).end(),
        );
        const [one, other] = [await place.deliverTo(busy.url), await place.deliverTo(free.url)];
        const first = await one.send();
        const { attempts } = await attempted(place, first, 1);
        busy.behave(accepting);
        const second = await one.send();
        const elsewhere = await attempted(place, await other.send(), 1);
        const [held, retried] = [await attempted(place, second, 1), await attempted(place, first, 2)];
        const asked = Date.parse(attempts[0]?.at ?? "") + retryAfterMs;
        assert.ok(Date.parse(held.attempts[0]?.at ?? "") >= asked, "the second webhook waits as well");
        assert.ok(Date.parse(retried.attempts[1]?.at ?? "") >= asked, "the first is not tried before");
        assert.deepEqual([held.state, retried.state], ["delivered", "delivered"]);
        assert.equal(elsewhere.state, "delivered");
      },
    );

    await context.test(
      "410 pauses the endpoint and says why; what is held is delivered once it is resumed",
      async (t) => {
        const target = await place.startTarget(t);
        target.behave((response) => response.writeHead(410).end());
        const { endpointId, send } = await place.deliverTo(target.url);
        const first = await send();
        const { attempts, state } = await attempted(place, first, 1);
        assert.equal(state, "pending");
        assert.partialDeepStrictEqual(attempts, [{ outcome: "failed", error: "status_410", status: 410 }]);
        const paused = await eventually("the pause", async () => {
          const endpoint = await place.server.ask(getEndpoint, { endpointId });
          return endpoint.isActive ? undefined : endpoint;
        });
        assert.match(paused.pausedBecause ?? "", /410/);

        target.behave(accepting);
        const second = await send();
        assert.equal((await place.server.ask(getEndpoint, { endpointId })).live.pending, 2);
        assert.deepEqual([target.times(first), target.times(second)], [1, 0]);
        const resumed = await place.server.ask(updateEndpoint, { endpointId, isActive: true });
        assert.equal(resumed.pausedBecause, null);
        assert.equal((await attempted(place, first, 2)).state, "delivered");
        assert.equal((await attempted(place, second, 1)).state, "delivered");
      },
    );

    await context.test("an answer that comes before the body was taken counts", async (t) => {
      const early = await answersEarly(t);
      const { send } = await place.deliverTo(early.url);
      const { attempts } = await attempted(place, await send("x".repeat(5 * 1024 ** 2)), 1);
      assert.partialDeepStrictEqual(attempts, [{ attempt: 1, outcome: "delivered", status: 200 }]);
      assert.equal(early.requests(), 1);
    });

    await context.test(
      "a target that closes a kept connection when the next request is on its way gets that request once more",
      async (t) => {
        const target = await place.startTarget(t);
        const used = new WeakSet<Socket>();
        target.behave((response, delivered) => {
          const { socket } = response;
          assert.ok(socket);
          if (used.has(socket)) socket.resetAndDestroy();
          else accepting(response, delivered);
          used.add(socket);
        });
        const { send } = await place.deliverTo(target.url);
        const first = await send();
        await attempted(place, first, 1);
        const second = await send();
        const { state, attempts } = await attempted(place, second, 1);
        assert.deepEqual([state, attempts.length], ["delivered", 1]);
        assert.deepEqual([target.times(first), target.times(second)], [1, 2]);
      },
    );
  });
