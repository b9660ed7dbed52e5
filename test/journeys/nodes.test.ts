import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { createApiKey } from "../../src/planes/account/operations/create-api-key.ts";
import { revokeCredential } from "../../src/planes/account/operations/revoke-credential.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { listLogs } from "../../src/planes/webhooks/operations/list-logs.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import { waitForWebhook } from "../../src/planes/webhooks/operations/wait-for-webhook.ts";
import pg from "pg";
import { startPostgres, type PostgresServer } from "../postgres-server.ts";
import { inForce } from "../in-force.ts";
import { restAnswer } from "./asking.ts";
import { eventually } from "./eventually.ts";
import { exampleSecret, retryingProvider, type Acknowledgement, type Provider } from "./provider.ts";
import { freshFolder, startServer, type ServerProcess } from "./server-process.ts";
import { startTarget, type Target } from "./target.ts";

/** No secret: what all nodes of a test seal with. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";

const senders = 16;

/** Identical nodes on one new database, each with a data folder of its own. */
async function startNodes(t: TestContext, postgres: PostgresServer, count: number): Promise<ServerProcess[]> {
  const url = await postgres.newDatabase();
  const nodes = Array.from({ length: count }, async () =>
    startServer(t, {
      folder: await freshFolder(t),
      environment: { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys },
    }),
  );
  return Promise.all(nodes);
}

/** Spreads requests over the nodes that still take any, as a balancer does. */
function balanced(nodes: readonly ServerProcess[]): {
  next(): ServerProcess;
  leaveOut(node: ServerProcess): void;
} {
  let living = [...nodes];
  let turn = 0;
  return {
    next: () => living[turn++ % living.length]!,
    leaveOut(node) {
      living = living.filter((other) => other !== node);
    },
  };
}

async function endpointPath(node: ServerProcess, target: Target): Promise<string> {
  const made = await node.ask(createEndpoint, { name: "orders", targetUrl: target.url, provider: "github" });
  await node.ask(setEndpointSecret, { endpointId: made.id, secret: exampleSecret });
  return new URL(made.ingestUrl).pathname;
}

/** Sends the events from many senders at once; `between` is told how many are acknowledged so far. */
async function sendAll(
  provider: Provider,
  events: readonly string[],
  between: (sent: number) => void,
): Promise<void> {
  const waiting = [...events];
  let sent = 0;
  const sender = async (): Promise<void> => {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      await provider.send(event);
      between(++sent);
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
}

/** The account once nothing is pending. Nothing is ever missing from it. */
function settled(node: ServerProcess) {
  return eventually("an account without pending events", async () => {
    const account = await node.ask(accountForWebhooks, {});
    assert.equal(account.remainder, 0, `unaccounted: ${account.unaccounted.join()}`);
    return account.pending === 0 ? account : undefined;
  });
}

/** Every event acknowledged was delivered, at most once more than was recorded, and recorded as delivered once. */
async function everyOneDelivered(node: ServerProcess, provider: Provider, target: Target): Promise<void> {
  const check = async ({ id, duplicate }: Acknowledgement): Promise<void> => {
    const acknowledged = await node.ask(getLogDetail, { logId: id });
    assert.equal(acknowledged.state, duplicate ? "duplicate" : "delivered");
    const event = acknowledged.duplicateOf ?? id;
    const { state, attempts } = await node.ask(getLogDetail, { logId: event });
    assert.equal(state, "delivered");
    assert.equal(attempts.filter(({ outcome }) => outcome === "delivered").length >= 1, true);
    const times = target.times(event);
    assert.ok(times >= 1 && times <= attempts.length + 1, `${times} deliveries, ${attempts.length} recorded`);
  };
  await Promise.all([...provider.acknowledged.values()].map(check));
}

/** Every number that the log has, over all its pages. */
async function numbersOf(node: ServerProcess, endpointId: string): Promise<number[]> {
  const numbers: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await node.ask(listLogs, { endpointId, limit: 50, ...(cursor !== undefined && { cursor }) });
    numbers.push(...page.logs.map(({ number }) => Number(number.replace("#", ""))));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return numbers;
}

describe("identical nodes on one PostgreSQL", () => {
  let postgres: PostgresServer;
  before(async () => {
    postgres = await startPostgres({ durable: true });
  });
  after(() => postgres.dispose());

  test("one killed and one paused lose nothing and complete nothing twice; the third goes on", async (t) => {
    const target = await startTarget(t);
    const nodes = await startNodes(t, postgres, 3);
    const [first, killed, paused] = nodes as [ServerProcess, ServerProcess, ServerProcess];
    const path = await endpointPath(first, target);
    const balancer = balanced(nodes);
    const provider = retryingProvider(() => `${balancer.next().url}${path}`, true);
    const events = Array.from({ length: 600 }, (_, n) => `event-${n}`);
    await sendAll(provider, events, (sent) => {
      if (sent === 200) {
        killed.send("SIGKILL");
        balancer.leaveOut(killed);
      }
      if (sent === 400) {
        paused.send("SIGSTOP");
        balancer.leaveOut(paused);
      }
    });
    const account = await settled(first);
    assert.equal(account.failed, 0);
    assert.equal(account.delivered + account.duplicate, account.received);
    paused.send("SIGCONT");
    await eventually("the paused node answers again", async () =>
      (await paused.ask(accountForWebhooks, {})).remainder === 0 ? true : undefined,
    );
    await everyOneDelivered(paused, provider, target);
    // What was on its way to the paused node, and sent again meanwhile, arrives now.
    const numbers = await eventually("a number for everything received", async () => {
      const given = await numbersOf(first, "orders");
      return given.length === (await settled(first)).received ? given : undefined;
    });
    assert.equal(new Set(numbers).size, numbers.length, "every # is given once");
    const { from: _, to: __, ...terms } = await settled(paused);
    assert.partialDeepStrictEqual(await settled(first), terms);
  });

  test("a change on one is in force on the others: endpoints, secrets, pauses, keys", async (t) => {
    const target = await startTarget(t);
    const [one, other] = (await startNodes(t, postgres, 2)) as [ServerProcess, ServerProcess];
    const path = await endpointPath(one, target);
    // No wait: what one node answered is known to the next.
    const provider = retryingProvider(() => `${other.url}${path}`, true);
    const { id } = await provider.send("at once");
    await eventually("the event delivered", async () =>
      (await one.ask(getLogDetail, { logId: id })).state === "delivered" ? true : undefined,
    );

    await one.ask(updateEndpoint, { endpointId: "orders", isActive: false });
    await eventually("the pause seen by the other node", async () => {
      const held = await provider.send(`held-${performance.now()}`);
      const { state } = await one.ask(getLogDetail, { logId: held.id });
      return state === "pending" ? true : undefined;
    });
    await other.ask(updateEndpoint, { endpointId: "orders", isActive: true });
    await settled(one);

    const { id: keyId, secret: key } = await one.ask(createApiKey, {
      name: "short-lived",
      expiresInDays: 30,
    });
    const asks = async (node: ServerProcess) =>
      (await restAnswer({ url: node.url, key }, accountForWebhooks, {})).status;
    assert.equal(await asks(other), 200);
    await one.ask(revokeCredential, { credentialId: keyId });
    const revokedAt = performance.now();
    const refused = eventually("the key refused by the other node", async () =>
      (await asks(other)) === 401 ? true : undefined,
    );
    assert.equal(await asks(one), 401);
    await inForce(t, revokedAt, { "the key refused by the other node": refused });
  });

  test("a reader that follows positions on one node while all write misses none", async (t) => {
    const target = await startTarget(t);
    const nodes = await startNodes(t, postgres, 3);
    const [reader] = nodes as [ServerProcess];
    const path = await endpointPath(reader, target);
    let { position } = await reader.ask(waitForWebhook, { endpointId: "orders", timeoutSeconds: 0 });
    const balancer = balanced(nodes);
    const provider = retryingProvider(() => `${balancer.next().url}${path}`, true);
    const events = Array.from({ length: 150 }, (_, n) => `followed-${n}`);
    let isSent = false;
    const sending = sendAll(provider, events, () => {}).then(() => (isSent = true));
    const seen: string[] = [];
    await eventually("every acknowledged event seen", async () => {
      // Before it is asked: what was acknowledged by then has been committed.
      const all = isSent;
      const found = await reader.ask(waitForWebhook, { endpointId: "orders", position, timeoutSeconds: 1 });
      position = found.position;
      if (found.log !== null) seen.push(found.log.id);
      const missing = [...provider.acknowledged.values()].some(({ id }) => !seen.includes(id));
      return all && !missing ? true : undefined;
    });
    await sending;
    assert.equal(seen.length, new Set(seen).size, "each once");
  });

  test("nodes that start at once on an empty database share one workspace and its first key", async (t) => {
    const nodes = await startNodes(t, postgres, 3);
    for (const node of nodes) assert.equal((await node.ask(accountForWebhooks, {})).received, 0);
  });

  test("a node that a newer version has left behind says so and stops", async (t) => {
    const url = await postgres.newDatabase();
    const environment = { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys };
    const node = await startServer(t, { folder: await freshFolder(t), environment });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      "update sluice_schema set version = version + 1, needs = version + 1 where part = 'traffic'",
    );
    await client.end();
    const { code } = await node.ended;
    assert.notEqual(code, 0);
    assert.match(node.log(), /newer version/i);
  });
});
