import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { compose, type Sluice } from "../src/compose.ts";
import { config } from "../src/config.ts";
import { createApiKey } from "../src/planes/account/operations/create-api-key.ts";
import { revokeCredential } from "../src/planes/account/operations/revoke-credential.ts";
import { accountForWebhooks } from "../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../src/planes/webhooks/operations/create-endpoint.ts";
import { deleteEndpoint } from "../src/planes/webhooks/operations/delete-endpoint.ts";
import { rotateSigningSecret } from "../src/planes/webhooks/operations/rotate-signing-secret.ts";
import { setEndpointSecret } from "../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../src/planes/webhooks/operations/update-endpoint.ts";
import { waitForWebhook } from "../src/planes/webhooks/operations/wait-for-webhook.ts";
import { inForce, promisedMs } from "./in-force.ts";
import { asking, restAnswer, type Ask } from "./journeys/asking.ts";
import { eventually } from "./journeys/eventually.ts";
import { mutedWire } from "./journeys/muted-wire.ts";
import { exampleKey, freshFolder } from "./journeys/server-process.ts";
import { startTarget, type Delivered, type Target } from "./journeys/target.ts";
import { sharedPostgres } from "./postgres-server.ts";

/** No secrets: what both nodes seal with, and what the endpoint verifies by, one after the other. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";
const [firstSecret, secondSecret] = ["first-not-a-secret", "second-not-a-secret"];
const sendEveryMs = 50;

type Node = { readonly url: string; readonly ask: Ask };

/** Two nodes on one new database. */
type Pair = Pick<Way, "swallowed"> & { readonly one: Node; readonly other: Node };

/** Closed after the test, before what it was opened over. */
async function openPair(t: TestContext, way: (t: TestContext) => Promise<Way>): Promise<Pair> {
  const opened: Sluice[] = [];
  t.after(() => Promise.all(opened.map((sluice) => sluice.close())));
  const { database, swallowed } = await way(t);
  const openNode = async (): Promise<Node> => {
    const settings = {
      SLUICE_DATA_DIR: await freshFolder(t),
      SLUICE_PORT: "0",
      SLUICE_DATABASE_URL: database,
      SLUICE_VAULT_KEYS: vaultKeys,
      SLUICE_BOOTSTRAP_API_KEY: exampleKey,
      SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
      SLUICE_INGEST_RATE: "0",
      SLUICE_API_RATE: "0",
    };
    const log = (line: string): void => t.diagnostic(line);
    const sluice = await compose({ config: config(settings), version: "0.0.0", log });
    opened.push(sluice);
    return { url: sluice.url, ask: asking(sluice.url, exampleKey) };
  };
  return { one: await openNode(), other: await openNode(), swallowed };
}

/** A new database, and how many notifications did not arrive from it. */
type Way = { readonly database: string; swallowed(): number };

const ways: Readonly<Record<string, (t: TestContext) => Promise<Way>>> = {
  async "that tell each other"() {
    return { database: await (await sharedPostgres()).newDatabase(), swallowed: () => 0 };
  },
  async "whose notifications are all lost, of which nobody is told"(t) {
    const postgres = await sharedPostgres();
    const { port, swallowed } = await mutedWire(t, postgres.port);
    const database = (await postgres.newDatabase()).replace(`:${postgres.port}/`, `:${port}/`);
    return { database, swallowed };
  },
};

/** A webhook to a node. */
async function send({ url }: Node, path: string, { secret = "", body = "{}" } = {}) {
  const digest = createHmac("sha256", secret).update(body).digest("hex");
  const signed = secret === "" ? undefined : { "x-hub-signature-256": `sha256=${digest}` };
  const answer = await fetch(url + path, { method: "POST", body, ...(signed && { headers: signed }) });
  return { status: answer.status, id: ((await answer.json()) as { id?: string }).id ?? "" };
}

/** What the target was sent for a webhook that a node takes now. */
async function deliveryOf(target: Target, node: Node, path: string, secret: string): Promise<Delivered> {
  const { status, id } = await send(node, path, { secret });
  assert.equal(status, 200);
  return eventually("its delivery", async () => target.seen.find(({ event }) => event === id));
}

function isSigned({ headers, body }: Delivered, secret: string): boolean {
  const told = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  const standard = {
    "webhook-id": told["sluice-id"] ?? "",
    "webhook-timestamp": told["sluice-timestamp"] ?? "",
    "webhook-signature": told["sluice-signature"] ?? "",
  };
  try {
    new Webhook(secret).verify(body, standard);
    return true;
  } catch {
    return false;
  }
}

for (const [which, way] of Object.entries(ways))
  test(`two nodes of one PostgreSQL ${which}`, async (parent) => {
    const { one, other, swallowed } = await openPair(parent, way);

    await parent.test(
      "a change of an endpoint at one is in force at the other within a second",
      async (t) => {
        const [target, second] = [await startTarget(t), await startTarget(t)];
        /** Asserts that it is so within a second from now on, when a change was answered. */
        const soon = (what: string, look: () => Promise<boolean>) => {
          const since = performance.now();
          const seen = eventually(what, async () => ((await look()) ? true : undefined));
          return inForce(t, since, { [what]: seen });
        };
        const answers = async (status: number, request: Parameters<typeof send>[2] = {}) =>
          (await send(other, path, request)).status === status;

        const { id: endpointId, ingestUrl } = await one.ask(createEndpoint, {
          name: "orders",
          targetUrl: target.url,
        });
        const path = new URL(ingestUrl).pathname;
        assert.equal((await send(other, path)).status, 200, "a new one is found at once");

        await one.ask(updateEndpoint, { endpointId, bodyBytesMax: 1_024 });
        await soon("a limit", () => answers(413, { body: "x".repeat(1_025) }));
        await one.ask(updateEndpoint, { endpointId, provider: "github" });
        await soon("a verification", () => answers(401));
        await one.ask(setEndpointSecret, { endpointId, secret: firstSecret });
        await soon("a secret", () => answers(200, { secret: firstSecret }));
        await one.ask(setEndpointSecret, { endpointId, secret: secondSecret, dropPrevious: true });
        await soon("the end of a secret", () => answers(401, { secret: firstSecret }));
        assert.equal(await answers(200, { secret: secondSecret }), true);

        const { signingSecret } = await one.ask(rotateSigningSecret, { endpointId });
        await soon("a signing secret", async () =>
          isSigned(await deliveryOf(target, other, path, secondSecret), signingSecret),
        );
        await one.ask(updateEndpoint, { endpointId, targetUrl: second.url });
        await soon("a target", async () => {
          const { status, id } = await send(other, path, { secret: secondSecret });
          assert.equal(status, 200);
          await eventually("its delivery", async () =>
            target.times(id) + second.times(id) > 0 ? true : undefined,
          );
          return second.times(id) > 0;
        });

        await one.ask(deleteEndpoint, { endpointId });
        await soon("a deletion", () => answers(404, { secret: secondSecret }));

        const { id: credentialId, secret: key } = await one.ask(createApiKey, {
          name: "short-lived",
          expiresInDays: 30,
        });
        const asks = async () => (await restAnswer({ url: other.url, key }, accountForWebhooks, {})).status;
        assert.equal(await asks(), 200);
        await one.ask(revokeCredential, { credentialId });
        await soon("a revocation", async () => (await asks()) === 401);
      },
    );

    await parent.test(
      "a pause at one holds what the other takes a second later, until the other ends it",
      async (t) => {
        const target = await startTarget(t);
        const arrivedAt = new Map<string, number>();
        target.behave((response, { event }) => {
          arrivedAt.set(event, performance.now());
          response.end();
        });
        const { id: endpointId, ingestUrl } = await one.ask(createEndpoint, {
          name: "paused",
          targetUrl: target.url,
        });
        const path = new URL(ingestUrl).pathname;
        const sentAt = new Map<string, number>();
        const sendOne = async () => {
          const at = performance.now();
          const { status, id } = await send(other, path);
          assert.equal(status, 200);
          sentAt.set(id, at);
        };
        await sendOne();
        await eventually("its delivery", async () => (arrivedAt.size === 1 ? true : undefined));

        await one.ask(updateEndpoint, { endpointId, isActive: false });
        const heldFrom = performance.now() + promisedMs;
        while (performance.now() <= heldFrom) {
          await sleep(sendEveryMs);
          await sendOne();
        }
        await sendOne();
        const endedAt = performance.now();
        await other.ask(updateEndpoint, { endpointId, isActive: true });
        await eventually("every delivery", async () => (arrivedAt.size === sentAt.size ? true : undefined));
        const held = [...sentAt].filter(([, at]) => at > heldFrom).map(([id]) => arrivedAt.get(id) ?? 0);
        assert.ok(held.length > 0);
        assert.ok(Math.min(...held) > endedAt, "it was delivered while the endpoint was paused");
      },
    );

    await parent.test("who waits at one for what the other receives is told", async () => {
      const { ingestUrl } = await one.ask(createEndpoint, {
        name: "awaited",
        targetUrl: "http://127.0.0.1:9/",
      });
      const asked = { endpointId: "awaited", timeoutSeconds: 60 };
      const { position } = await other.ask(waitForWebhook, { ...asked, timeoutSeconds: 0 });
      const waiting = other.ask(waitForWebhook, { ...asked, position });
      const { id } = await send(one, new URL(ingestUrl).pathname);
      assert.equal((await waiting).log?.id, id);
    });

    parent.diagnostic(`${swallowed()} notifications were lost`);
    assert.equal(swallowed() > 0, which.includes("lost"));
  });
