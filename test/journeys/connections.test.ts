import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { engines, type Engine } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { faulty } from "./faulty.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { acceptedAll, sendAll } from "./senders.ts";
import { serve, startServer } from "./server-process.ts";
import { startTarget } from "./target.ts";

/** Enough for a server to start and work with few connections. */
const descriptorsMax = 100;
const connectionsMax = 200;

async function sceneOf(t: TestContext, engine: Engine, command: readonly string[] = serve) {
  const target = await startTarget(t);
  const { tables, ...place } = await engine.prepare(t);
  const server = await startServer(t, { ...place, command });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "sought after", targetUrl: target.url });
  return { ingestUrl, scene: { server, tables, target } };
}

/** Connections that stay open until the other side, or the test, closes them. */
type Crowd = { readonly open: () => number; close(): void };

/** Opens so many connections; each says `first` and then a byte of `drip` every second. */
async function crowd(
  t: TestContext,
  url: string,
  { count, first, drip }: { readonly count: number; readonly first: string; readonly drip: string },
): Promise<Crowd> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const join = () =>
    new Promise<void>((settled) => {
      const socket = connect(Number(port), hostname);
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        settled();
      });
      socket.on("connect", () => {
        if (first !== "") socket.write(first);
        settled();
      });
      socket.resume();
    });
  for (let left = count; left > 0; left -= 500)
    await Promise.all(Array.from({ length: Math.min(left, 500) }, join));
  const dripping = setInterval(() => {
    if (drip !== "") for (const socket of sockets) socket.write(drip);
  }, 1_000);
  const close = () => {
    clearInterval(dripping);
    for (const socket of sockets) socket.destroy();
  };
  t.after(close);
  return { open: () => sockets.size, close };
}

/** Sends one webhook at a time until one is accepted again. */
function acceptedAgain(ingestUrl: string): Promise<string> {
  return eventually("a webhook that is accepted again", async () => {
    const { accepted } = await sendAll(ingestUrl, 1);
    return accepted[0];
  });
}

for (const engine of engines)
  // They wait most of the time.
  describe(`${engine.name}: more connections than there is room for`, { concurrency: true }, () => {
    test("out of file descriptors, some senders are turned away; none that was answered 200 is forgotten", async (t) => {
      const limited = ["sh", "-c", `ulimit -n ${descriptorsMax} && exec "$0" "$@"`, ...serve];
      const { ingestUrl, scene } = await sceneOf(t, engine, limited);
      const others = await crowd(t, ingestUrl, { count: 2 * descriptorsMax, first: "", drip: "" });
      const told = await sendAll(ingestUrl, 4 * descriptorsMax);
      assert.ok(told.dropped > 0, "there was no room for all");
      others.close();
      const known = [...told.accepted, await acceptedAgain(ingestUrl)];
      await assertNothingLost(scene, known);
      const after = await acceptedAll(ingestUrl, 10);
      await assertNothingLost(scene, [...known, ...after]);
    });

    test("a full table of connections that say nothing turns senders away, and empties by itself", async (t) => {
      const { ingestUrl, scene } = await sceneOf(t, engine, faulty(`connections=${connectionsMax}`));
      const before = await acceptedAll(ingestUrl, 10);
      await crowd(t, ingestUrl, { count: connectionsMax, first: "", drip: "" });
      const told = await sendAll(ingestUrl, connectionsMax);
      assert.ok(told.dropped > 0, "there was no room for all");
      const known = [...before, ...told.accepted, await acceptedAgain(ingestUrl)];
      await assertNothingLost(scene, known);
    });

    test("senders that drip their headers or bodies are shown out, and healthy ones beside them notice nothing", async (t) => {
      const { ingestUrl, scene } = await sceneOf(t, engine);
      const { pathname } = new URL(ingestUrl);
      const head = `POST ${pathname} HTTP/1.1\r\nhost: a\r\n`;
      const slow = await crowd(t, ingestUrl, { count: 500, first: head, drip: "x" });
      const slower = await crowd(t, ingestUrl, {
        count: 500,
        first: `${head}content-length: 1000\r\n\r\n`,
        drip: "x",
      });
      const known: string[] = [];
      await eventually("the end of the slow senders", async () => {
        assert.ok(slower.open() > 0 || slow.open() === 0, "headers have less time than bodies");
        known.push(...(await acceptedAll(ingestUrl, 20)));
        await sleep(200);
        return slow.open() === 0 ? true : undefined;
      });
      slower.close();
      const account = await assertNothingLost(scene, known);
      assert.equal(account.received, known.length, "what never came whole is no event");
    });
  });
