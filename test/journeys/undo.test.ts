import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { compose } from "../../src/compose.ts";
import { config } from "../../src/config.ts";
import { listChanges } from "../../src/planes/account/operations/list-changes.ts";
import { undoChange } from "../../src/planes/account/operations/undo-change.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../../src/planes/webhooks/operations/delete-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import { githubHeaders } from "../running-world.ts";
import { asking, type Ask } from "./asking.ts";
import { eventually } from "./eventually.ts";
import { startTarget, type Target } from "./target.ts";

const key = "mk_0000000000EXAMPLE0000000000EXAMPLE0000000000EXAMP";
const secret = "fake-signing-secret";

test("a deleted endpoint that is brought back verifies, receives and delivers at its old address", async (t) => {
  const { ask, target } = await startServer(t);
  const { id, ingestUrl } = await ask(createEndpoint, {
    name: "orders",
    targetUrl: target.url,
    provider: "github",
  });
  await ask(setEndpointSecret, { endpointId: id, secret });
  const event = await send(ingestUrl, 200);
  await delivered(ask, event);

  await ask(deleteEndpoint, { endpointId: id });
  await send(ingestUrl, 404);
  const { changeId } = (await ask(listChanges, { limit: 1 })).changes[0]!;
  await ask(undoChange, { changeId });

  const unsigned = await fetch(ingestUrl, { method: "POST", body: "{}" });
  assert.equal(unsigned.status, 401, "its secret is in force");
  const next = await send(ingestUrl, 200);
  await delivered(ask, next);
  assert.equal(target.times(next), 1);
});

test("a paused endpoint is brought back paused, and delivers what it held once the pause is undone too", async (t) => {
  const { ask, target } = await startServer(t);
  const { id, ingestUrl } = await ask(createEndpoint, {
    name: "orders",
    targetUrl: target.url,
    provider: "github",
  });
  await ask(setEndpointSecret, { endpointId: id, secret });
  await ask(updateEndpoint, { endpointId: id, isActive: false });
  const pause = (await ask(listChanges, { limit: 1 })).changes[0]!;
  await ask(deleteEndpoint, { endpointId: id });
  const deletion = (await ask(listChanges, { limit: 1 })).changes[0]!;
  await ask(undoChange, { changeId: deletion.changeId });

  const held = await send(ingestUrl, 200);
  const other = await ask(createEndpoint, { name: "other", targetUrl: target.url });
  const passed = await send(other.ingestUrl, 200);
  await delivered(ask, passed);
  assert.equal((await ask(getLogDetail, { logId: held })).state, "pending");
  assert.equal(target.times(held), 0);
  await ask(undoChange, { changeId: pause.changeId });
  await delivered(ask, held);
  assert.equal(target.times(held), 1);
});

async function startServer(t: TestContext): Promise<{ readonly ask: Ask; readonly target: Target }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-undo-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const target = await startTarget(t);
  const sluice = await compose({
    config: config({
      SLUICE_PORT: "0",
      SLUICE_DATA_DIR: folder,
      SLUICE_BOOTSTRAP_API_KEY: key,
      SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
    }),
    version: "test",
    log: () => {},
  });
  t.after(() => sluice.close());
  return { ask: asking(sluice.url, key), target };
}

let deliveries = 0;

/** Sends a signed webhook; answers the event's id. */
async function send(ingestUrl: string, status: number): Promise<string> {
  const body = '{"ref":"refs/heads/main"}';
  const headers = githubHeaders(secret, body, `delivery-${++deliveries}`).map(
    ([name, value]): [string, string] => [name, value],
  );
  const answer = await fetch(ingestUrl, { method: "POST", headers, body });
  assert.equal(answer.status, status);
  return /ex_[0-9a-f]{32}/.exec(await answer.text())?.[0] ?? "";
}

async function delivered(ask: Ask, event: string): Promise<void> {
  await eventually(`the delivery of ${event}`, async () => {
    const { state } = await ask(getLogDetail, { logId: event });
    return state === "delivered" || undefined;
  });
}
