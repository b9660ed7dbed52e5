import assert from "node:assert/strict";
import { after, before, describe, test, type TestContext } from "node:test";
import { kinds } from "../../src/kernel/failure.ts";
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
import { deliveredTimes, follow } from "./follower.ts";
import { exampleSecret, retryingProvider, type Acknowledgement, type Provider } from "./provider.ts";
import { freshFolder, launch, startServer, type Launched, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget, type Target } from "./target.ts";

/** No secret: what all nodes of a test seal with. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";

const workers = 16;

/** Who leaves while events come: killed, or paused until everything is worked off. */
const departures = [
  { count: 2, signals: ["SIGKILL"] },
  { count: 2, signals: ["SIGSTOP"] },
  { count: 3, signals: ["SIGKILL", "SIGSTOP"] },
] as const;
const eventsMin = 300;
/** Below what one endpoint's nodes may have at once, so that the others go on. */
const heldPerNode = 2;

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

/** One after the other, each with the name it has in the database. */
async function startNamedNodes(t: TestContext, url: string, onlooker: pg.Pool, count: number) {
  const nodes: { readonly id: string; readonly server: ServerProcess }[] = [];
  while (nodes.length < count) {
    const environment = { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys };
    const server = await startServer(t, { folder: await freshFolder(t), environment });
    const id = await eventually("a new node on the list", async () => {
      const { rows } = await onlooker.query<{ id: string }>("select id from node");
      return rows.find((row) => nodes.every((node) => node.id !== row.id))?.id;
    });
    nodes.push({ id, server });
  }
  return nodes;
}

type Held = { readonly event: string; readonly answer: () => void };

/** Resolves once the target has attempts of this node that it does not answer; it answers all others. */
async function holdAttempts(target: Target, onlooker: pg.Pool, node: string): Promise<readonly Held[]> {
  const held: Held[] = [];
  const isOf = async (event: string): Promise<boolean> => {
    const claimed = "select from job where id = $1 and starts_with(claim, $2)";
    return (await onlooker.query(claimed, [event, `${node}.`])).rowCount === 1;
  };
  target.behave(async (response, delivered) => {
    const isMeant = held.length < heldPerNode && (await isOf(delivered.event));
    if (isMeant && held.length < heldPerNode)
      held.push({ event: delivered.event, answer: () => void accepting(response, delivered) });
    else accepting(response, delivered);
  });
  await eventually("attempts in the hands of the node", async () =>
    held.length >= heldPerNode ? true : undefined,
  );
  return held;
}

/** Events without end, or until there are enough of them and this is over. */
function* eventsUntil(isOver: () => boolean): Generator<string> {
  for (let n = 0; n < eventsMin || !isOver(); n++) yield `event-${n}`;
}

/** How often the target saw the event, and how many attempts at it are recorded. */
async function attemptsAt(node: ServerProcess, target: Target, event: string) {
  const { attempts } = await node.ask(getLogDetail, { logId: event });
  return { seen: target.times(event), recorded: attempts.length };
}

async function endpointPath(node: ServerProcess, target: Target): Promise<string> {
  const made = await node.ask(createEndpoint, {
    name: "orders",
    targetUrl: target.url,
    provider: "github",
    timeoutSeconds: 120,
  });
  await node.ask(setEndpointSecret, { endpointId: made.id, secret: exampleSecret });
  return new URL(made.ingestUrl).pathname;
}

/** A few at once: more would only wait for each other's connections to the database, and in vain on a busy machine. */
async function forEach<T>(all: Iterable<T>, work: (one: T) => Promise<unknown>): Promise<void> {
  const waiting = all[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true; next = waiting.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: workers }, worker));
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
  await forEach(provider.acknowledged.values(), check);
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

  for (const { count, signals } of departures)
    test(`of ${count}, each at work on attempts, those that get ${signals.join(" and ")} lose nothing and complete nothing twice`, async (t) => {
      const target = await startTarget(t);
      const url = await postgres.newDatabase();
      const onlooker = new pg.Pool({ connectionString: url, max: 2 });
      t.after(() => onlooker.end());
      const nodes = await startNamedNodes(t, url, onlooker, count);
      const servers = nodes.map(({ server }) => server);
      const [first] = servers as [ServerProcess];
      const path = await endpointPath(first, target);
      const follower = await follow(t, url);
      const balancer = balanced(servers);
      const provider = retryingProvider(() => `${balancer.next().url}${path}`, true);
      let areGone = false;
      const leave = async () => {
        const left = [];
        // All of them before one goes: else the next could be at work on what that one left.
        for (const [index, signal] of signals.entries()) {
          const { id, server } = nodes[index + 1]!;
          left.push({ signal, server, held: await holdAttempts(target, onlooker, id) });
        }
        for (const { signal, server } of left) {
          server.send(signal);
          balancer.leaveOut(server);
        }
        areGone = true;
        return left;
      };
      const [left] = await Promise.all([
        leave(),
        forEach(
          eventsUntil(() => areGone),
          (event) => provider.send(event),
        ),
      ]);
      const account = await settled(first);
      assert.equal(account.failed, 0);
      assert.equal(account.delivered + account.duplicate, account.received);
      for (const { signal, server, held } of left) {
        // Nobody knows of the attempts of a node that is gone or stands still: they were made again.
        for (const { event } of held)
          assert.deepEqual(await attemptsAt(first, target, event), { seen: 2, recorded: 1 });
        for (const { answer } of held) answer();
        if (signal === "SIGKILL") continue;
        server.send("SIGCONT");
        for (const { event } of held)
          await eventually("the overtaken attempt told as well", async () =>
            (await attemptsAt(server, target, event)).recorded === 2 ? true : undefined,
          );
      }
      const asked = left.find(({ signal }) => signal === "SIGSTOP")?.server ?? first;
      await everyOneDelivered(asked, provider, target);
      // What was on its way to a paused node, and sent again meanwhile, arrives now.
      const numbers = await eventually("a number for everything received", async () => {
        const given = await numbersOf(first, "orders");
        return given.length === (await settled(first)).received ? given : undefined;
      });
      assert.equal(new Set(numbers).size, numbers.length, "every # is given once");

      const { from: _, to: __, ...terms } = await settled(asked);
      assert.partialDeepStrictEqual(await settled(first), terms);

      const given = await follower.end();
      assert.deepEqual(given, await follower.fromTheBeginning(), "a reader that follows misses nothing");
      const ids = new Set(given.map(({ id }) => id));
      assert.equal(ids.size, given.length, "each once");
      for (const { id } of provider.acknowledged.values()) assert.ok(ids.has(id), `${id} was passed over`);
      const times = deliveredTimes(given);
      assert.equal(times.size, terms.delivered);
      for (const [event, often] of times) assert.equal(often, 1, `${event} became delivered more than once`);
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
    const sending = forEach(events, (event) => provider.send(event)).then(() => (isSent = true));
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

  test("a node that a newer version has left behind says so and stops, and does not start again", async (t) => {
    const url = await postgres.newDatabase();
    const environment = { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys };
    const folder = await freshFolder(t);
    const node = await startServer(t, { folder, environment });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      "update sluice_schema set version = version + 1, needs = version + 1 where part = 'traffic'",
    );
    await client.end();
    await saysItIsLeftBehind(node);
    await saysItIsLeftBehind(launch(t, { folder, environment }));
  });
});

async function saysItIsLeftBehind({ ended, log }: Launched): Promise<void> {
  assert.deepEqual(await ended, { code: kinds.conflict.exitCode, signal: null });
  assert.match(log(), /^error: A newer version of Sluice has changed the traffic tables/m);
  assert.match(log(), /^hint: Start this node with the version that the other nodes run/m);
}
