import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test, type TestContext } from "node:test";
import type { Worker } from "node:worker_threads";
import { compose } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { asking, type Ask } from "./asking.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, isReady, startServer } from "./server-process.ts";
import { accepting, startTarget, type Target } from "./target.ts";

const webhooks = 30;

/** What senders were told. */
type Told = { readonly accepted: readonly string[]; readonly refused: number };

/** Sends webhooks at once. Each is answered 200, or 503 with the time to come again: nothing else. */
async function sendAll(ingestUrl: string, count: number): Promise<Told> {
  const accepted: string[] = [];
  let refused = 0;
  const send = async (n: number) => {
    const answer = await fetch(ingestUrl, { method: "POST", body: JSON.stringify({ n }) });
    const body = (await answer.json()) as { ok: boolean; id?: string; error?: string };
    if (answer.status === 200) {
      accepted.push(String(body.id));
      return;
    }
    assert.equal(answer.status, 503, JSON.stringify(body));
    assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    assert.partialDeepStrictEqual(body, { ok: false, error: "unavailable" });
    refused++;
  };
  await Promise.all(Array.from({ length: count }, (_, n) => send(n)));
  return { accepted, refused };
}

type Place = { readonly ask: Ask; readonly folder: string; readonly target: Target };

/**
 * Everything acknowledged was delivered, once; what was refused was stored whole or not at all, since half of it, an event
 * without its job, would be missing from the account.
 */
async function assertNothingLost({ ask, folder, target }: Place, accepted: readonly string[]): Promise<void> {
  const account = await eventually("an account without pending events", async () => {
    const look = await ask(accountForWebhooks, {});
    return look.pending === 0 ? look : undefined;
  });
  assert.equal(account.remainder, 0, account.unaccounted.join());
  assert.equal(account.delivered, account.received);
  assert.ok(account.received >= accepted.length);
  for (const id of accepted) assert.equal(target.times(id), 1);
  const database = new DatabaseSync(join(folder, "traffic.db"), { readOnly: true });
  const [{ integrity_check: integrity } = {}] = database.prepare("pragma integrity_check").all();
  database.close();
  assert.equal(integrity, "ok");
}

test("while another process locks the traffic database webhooks are answered 503; afterwards 200, without a restart", async (t) => {
  const target = await startTarget(t);
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "locked out", targetUrl: target.url });
  const before = await sendAll(ingestUrl, webhooks);
  assert.equal(before.refused, 0);
  const place = { ask: server.ask, folder, target };
  await assertNothingLost(place, before.accepted);

  const other = new DatabaseSync(join(folder, "traffic.db"), { timeout: 60_000 });
  other.exec("begin exclusive");
  assert.deepEqual(await sendAll(ingestUrl, webhooks), { accepted: [], refused: webhooks });
  assert.equal(await isReady(server.url), false);
  other.exec("rollback");
  other.close();

  await eventually("readiness", async () => ((await isReady(server.url)) ? true : undefined));
  const after = await sendAll(ingestUrl, webhooks);
  assert.equal(after.refused, 0);
  await assertNothingLost(place, [...before.accepted, ...after.accepted]);
});

test("a delivery that is answered while the traffic database is locked is recorded afterwards, and not made again", async (t) => {
  const target = await startTarget(t);
  const folder = await freshFolder(t);
  const server = await startServer(t, { folder });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "unrecorded", targetUrl: target.url });
  const mayAnswer = Promise.withResolvers<void>();
  target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
  const { accepted } = await sendAll(ingestUrl, 5);
  await eventually("every request at the target", async () => (target.seen.length === 5 ? true : undefined));
  const other = new DatabaseSync(join(folder, "traffic.db"), { timeout: 60_000 });
  other.exec("begin exclusive");
  mayAnswer.resolve();
  // Long enough that recording what came of it has failed: a webhook that comes now is refused for the same reason.
  assert.equal((await sendAll(ingestUrl, 1)).refused, 1);
  other.exec("rollback");
  other.close();
  await assertNothingLost({ ask: server.ask, folder, target }, accepted);
});

/** A server in this process, and the threads it started, so that one of them can be killed. */
async function threaded(t: TestContext, folder: string) {
  const threads: Worker[] = [];
  const note = (thread: Worker) => void threads.push(thread);
  process.on("worker", note);
  const environment = {
    SLUICE_DATA_DIR: folder,
    SLUICE_PORT: "0",
    SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
    SLUICE_INGEST_RATE: "0",
    SLUICE_BOOTSTRAP_API_KEY: exampleKey,
  };
  const sluice = await compose({
    config: config(environment),
    version: "0.0.0",
    log: (line) => t.diagnostic(line),
  });
  t.after(async () => {
    await sluice.close();
    process.off("worker", note);
  });
  return { sluice, writer: () => threads.findLast((thread) => thread.threadName === "writer") };
}

test("a writer thread that dies under load costs no acknowledged webhook, and the next one takes over", async (t) => {
  const target = await startTarget(t);
  const folder = await freshFolder(t);
  const { sluice, writer } = await threaded(t, folder);
  const ask = asking(sluice.url, exampleKey);
  const { ingestUrl } = await ask(createEndpoint, { name: "bereaved", targetUrl: target.url });
  const accepted = [...(await sendAll(ingestUrl, webhooks)).accepted];
  assert.equal(accepted.length, webhooks);

  const first = writer();
  assert.ok(first);
  const under = sendAll(ingestUrl, webhooks);
  await first.terminate();
  accepted.push(...(await under).accepted);
  await eventually("readiness", async () => ((await isReady(sluice.url)) ? true : undefined));
  assert.notEqual(writer(), first);
  const after = await sendAll(ingestUrl, webhooks);
  assert.equal(after.refused, 0);
  await assertNothingLost({ ask, folder, target }, [...accepted, ...after.accepted]);
});
