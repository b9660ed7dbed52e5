import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { durablePostgres } from "../postgres-server.ts";
import { cuttableWire } from "./cuttable-wire.ts";
import { postgresTables } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { sendAll } from "./senders.ts";
import { freshFolder, startServer, type End, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget } from "./target.ts";

const senders = 8;
/** More than are under way at once: some are left to whoever comes next. */
const acknowledgedMin = 200;

/** SIGTERM, and wait until the server has heard it. */
async function terminate(server: ServerProcess): Promise<void> {
  server.send("SIGTERM");
  await eventually("the server stopping", async () => (/ stopping: /.test(server.log()) ? true : undefined));
}

test("a webhook whose body is half sent when SIGTERM comes is accepted, and is delivered", async (t) => {
  const folder = await freshFolder(t);
  const target = await startTarget(t);
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "half", targetUrl: target.url });
  const { hostname, port, pathname } = new URL(ingestUrl);
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("utf8").on("data", (text: string) => (answer += text));
  const body = `{"half":"${"x".repeat(2_000)}"}`;
  socket.write(`POST ${pathname} HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n`);
  socket.write(body.slice(0, 1_000));
  await eventually("half a body in the server's hands", async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return /^sluice_body_bytes_in_flight 1000$/m.test(metrics) ? true : undefined;
  });
  await terminate(server);
  socket.write(body.slice(1_000));
  await once(socket, "close");
  assert.match(answer, /^HTTP\/1\.1 200 /);
  assert.match(answer, /connection: close/i);
  const { id } = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n"))) as { id: string };
  assert.deepEqual(await server.ended, { code: 0, signal: null });

  const again = await startServer(t, { folder });
  await eventually("its delivery", async () =>
    (await again.ask(getLogDetail, { logId: id })).state === "delivered" ? true : undefined,
  );
  assert.deepEqual([target.times(id), target.seen[0]?.body], [1, body]);
});

test("an attempt under way when SIGTERM comes is finished and recorded, and is not made again", async (t) => {
  const folder = await freshFolder(t);
  const target = await startTarget(t);
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "slow", targetUrl: target.url });
  const mayAnswer = Promise.withResolvers<void>();
  target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
  const { id } = (await (await fetch(ingestUrl, { method: "POST", body: "{}" })).json()) as { id: string };
  await eventually("the request at the target", async () => (target.times(id) > 0 ? true : undefined));
  await terminate(server);
  mayAnswer.resolve();
  assert.deepEqual(await server.ended, { code: 0, signal: null });

  const again = await startServer(t, { folder });
  const { state, attempts } = await again.ask(getLogDetail, { logId: id });
  assert.equal(state, "delivered");
  assert.partialDeepStrictEqual(attempts, [{ attempt: 1, outcome: "delivered", status: 200 }]);
  assert.partialDeepStrictEqual(await again.ask(accountForWebhooks, {}), {
    received: 1,
    delivered: 1,
    pending: 0,
    remainder: 0,
  });
  assert.equal(target.times(id), 1);
});

test("a second SIGTERM does not wait for what is under way, and what was acknowledged is delivered later", async (t) => {
  const folder = await freshFolder(t);
  const target = await startTarget(t);
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "hanging", targetUrl: target.url });
  target.behave(() => {});
  const { id } = (await (await fetch(ingestUrl, { method: "POST", body: "{}" })).json()) as { id: string };
  await eventually("the request at the target", async () => (target.times(id) > 0 ? true : undefined));
  await terminate(server);
  server.send("SIGTERM");
  assert.deepEqual(await server.ended, { code: null, signal: "SIGTERM" });

  target.behave(accepting);
  const again = await startServer(t, { folder });
  await eventually("its delivery", async () =>
    (await again.ask(getLogDetail, { logId: id })).state === "delivered" ? true : undefined,
  );
});

test("a server on PostgreSQL told to stop among webhooks and deliveries leaves all it acknowledged to the next, which repeats nothing", async (t) => {
  const url = await (await durablePostgres()).newDatabase();
  const tables = postgresTables(url);
  const place = { folder: await freshFolder(t), environment: { SLUICE_DATABASE_URL: url } };
  const target = await startTarget(t);
  const server = await startServer(t, place);
  const { ingestUrl } = await server.ask(createEndpoint, { name: "busy", targetUrl: target.url });
  const mayAnswer = Promise.withResolvers<void>();
  target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
  const acknowledged: string[] = [];
  const sending = Array.from({ length: senders }, async () => {
    for (let dropped = 0; dropped === 0;) {
      const told = await sendAll(ingestUrl, 1);
      acknowledged.push(...told.accepted);
      dropped = told.dropped;
    }
  });
  await eventually("webhooks, and deliveries under way", async () =>
    acknowledged.length >= acknowledgedMin && target.seen.length > 0 ? true : undefined,
  );
  await terminate(server);
  await Promise.all(sending);
  const underWay = target.seen.map(({ event }) => event);
  mayAnswer.resolve();
  assert.deepEqual(await server.ended, { code: 0, signal: null });

  const stored = await tables.events();
  for (const event of underWay) assert.equal(stored.get(event), 1, "what was under way is recorded");
  assert.ok(target.seen.length < acknowledged.length, "something is left to do");
  const next = await startServer(t, place);
  const account = await assertNothingLost({ server: next, tables, target, unrecordedMax: 0 }, acknowledged);
  assert.equal(account.delivered, account.received);
  for (const [event, attempts] of await tables.events())
    assert.deepEqual([target.times(event), attempts], [1, 1], `${event} was attempted twice`);
});

test("a server whose PostgreSQL can no longer be reached, of which nobody was told, ends all the same", async (t) => {
  const postgres = await durablePostgres();
  const wire = await cuttableWire(t, postgres.port);
  const url = (await postgres.newDatabase()).replace(`:${postgres.port}/`, `:${wire.port}/`);
  const server = await startServer(t, {
    folder: await freshFolder(t),
    environment: { SLUICE_DATABASE_URL: url },
  });
  wire.cut();
  server.send("SIGTERM");
  let end: End | undefined;
  void server.ended.then((how) => (end = how));
  assert.deepEqual(await eventually("its end", async () => end), { code: 0, signal: null });
  assert.doesNotMatch(server.log(), /fail/);
});
