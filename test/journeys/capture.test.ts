// What an application under capture sees while the server is killed, stopped and away, and what the server has after it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { getMetrics } from "../../src/planes/traffic/operations/get-metrics.ts";
import { searchRequests } from "../../src/planes/traffic/operations/search-requests.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, startServer, type ServerProcess } from "./server-process.ts";

const ordersOfPhase = 250;
const senders = 8;

/** What the agent says of itself. */
const Stats = z.object({
  settings: z.string().nullable(),
  observed: z.int(),
  sent: z.object({ records: z.int(), batches: z.int() }),
  dropped: z.record(z.string(), z.int()),
  failedTries: z.int(),
  heldBytes: z.int(),
  faults: z.int(),
});
type Stats = z.output<typeof Stats>;

type App = {
  /** Sends orders; each is to be answered 201. */
  order(count: number): Promise<void>;
  stats(): Promise<Stats>;
  /** Makes the agent send what it has; answers how it stands then. */
  flush(): Promise<Stats>;
};

async function startApp(t: TestContext, serverUrl: string): Promise<App> {
  const child = spawn(process.execPath, [fileURLToPath(new URL("captured-app.ts", import.meta.url))], {
    env: { ...process.env, SLUICE_URL: serverUrl, SLUICE_KEY: exampleKey, SLUICE_SERVICE: "orders" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const url = /http:\S+/.exec(said)?.[0] ?? assert.fail(said);
  const stats = async (path: string) => Stats.parse(await (await fetch(`${url}/agent/${path}`)).json());
  return {
    stats: () => stats("stats"),
    flush: () => stats("flush"),
    async order(count) {
      let left = count;
      const sender = async () => {
        while (left-- > 0) {
          const answer = await fetch(`${url}/orders/${left}`, { method: "POST", body: '{"sku":"lamp"}' });
          assert.equal(answer.status, 201);
          await answer.arrayBuffer();
        }
      };
      await Promise.all(Array.from({ length: senders }, sender));
    },
  };
}

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  return String(typeof address === "object" && address !== null ? address.port : 0);
}

/** Every captured order that is stored. */
async function storedOrders({ ask }: ServerProcess): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let cursor: string | null = null;
  do {
    const page: z.output<typeof searchRequests.output> = await ask(searchRequests, {
      path: "/orders/*",
      limit: 100,
      ...(cursor !== null && { cursor }),
    });
    for (const { id } of page.requests) ids.add(id);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return ids;
}

test("a server that is killed, away and stopped is not felt by the application, and nothing is counted twice or lost", async (t) => {
  const folder = await freshFolder(t);
  const environment = { SLUICE_PORT: await freePort() };
  let server = await startServer(t, { folder, environment });
  const app = await startApp(t, server.url);
  await eventually("the settings of the server", async () =>
    (await app.stats()).settings === null ? undefined : true,
  );

  await app.order(ordersOfPhase);
  await app.flush();
  // Killed while more are taken and sent.
  const during = app.order(ordersOfPhase);
  await server.kill();
  await during;
  // Away.
  await app.order(ordersOfPhase);
  const away = await app.flush();
  assert.ok(away.failedTries > 0, "it was away");
  assert.ok(away.heldBytes > 0, "what could not be sent waits");
  server = await startServer(t, { folder, environment });
  // Stopped in the middle of what it does, and let go on.
  server.send("SIGSTOP");
  await app.order(ordersOfPhase);
  server.send("SIGCONT");

  const orders = 4 * ordersOfPhase;
  const done = await eventually("everything sent", async () => {
    const stats = await app.flush();
    const dropped = Object.values(stats.dropped).reduce((sum, count) => sum + count, 0);
    return stats.sent.records + dropped >= orders ? stats : undefined;
  });
  const dropped = Object.values(done.dropped).reduce((sum, count) => sum + count, 0);
  t.diagnostic(
    `${done.sent.records} records sent in ${done.sent.batches} batches, ${done.failedTries} failed tries, dropped ${JSON.stringify(done.dropped)}`,
  );
  assert.equal(done.faults, 0);
  assert.equal(dropped, 0, "so few fit in what it may hold");
  const metrics = await eventually("every order counted", async () => {
    await app.flush();
    const figures = await server.ask(getMetrics, { path: "/orders/*" });
    return figures.requests >= orders ? figures : undefined;
  });
  assert.equal(metrics.requests, orders, "counted once each");
  assert.equal((await storedOrders(server)).size, orders, "stored once each");
  await server.stop();
});
