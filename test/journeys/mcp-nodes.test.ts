import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createApiKey } from "../../src/planes/account/operations/create-api-key.ts";
import { revokeCredential } from "../../src/planes/account/operations/revoke-credential.ts";
import { waitForWebhook } from "../../src/planes/webhooks/operations/wait-for-webhook.ts";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import { inForce } from "../in-force.ts";
import { startPostgres, type PostgresServer } from "../postgres-server.ts";
import { readEvents, type EventReader } from "../surfaces/event-reader.ts";
import { ask } from "../surfaces/mcp-wire.ts";
import { restAnswer } from "./asking.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, startServer, type ServerProcess } from "./server-process.ts";
import { startTarget } from "./target.ts";

/** No secret: what both nodes seal with. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";

type Client = {
  /** Posts to a node; answers status, session and body. */
  post(node: ServerProcess, body: object, more?: Posting): Promise<Posted>;
  stream(node: ServerProcess, path: string, headers?: Record<string, string>): Promise<EventReader>;
};

type Posting = { readonly path?: string; readonly session?: string };
type Posted = { readonly status: number; readonly session: string; readonly json: Reply };
type Reply = {
  readonly id: number;
  readonly result: Readonly<Record<string, unknown>> & {
    readonly structuredContent: Readonly<Record<string, unknown>>;
  };
  readonly error: { readonly code: number };
};

function clientWith(key: string): Client {
  const authorization = `Bearer ${key}`;
  return {
    async post(node, body, { path = "/mcp", session } = {}) {
      const response = await fetch(node.url + path, {
        method: "POST",
        headers: { authorization, ...(session !== undefined && { "mcp-session-id": session }) },
        body: JSON.stringify(body),
      });
      const text = await response.text();
      return {
        status: response.status,
        session: response.headers.get("mcp-session-id") ?? "",
        json: JSON.parse(text === "" ? "null" : text) as Reply,
      };
    },
    stream: (node, path, headers = {}) =>
      readEvents(new URL(node.url + path), {
        headers: { authorization, accept: "text/event-stream", ...headers },
      }),
  };
}

const hello = ask("initialize", {
  protocolVersion: "2025-11-25",
  capabilities: {},
  clientInfo: { name: "test", version: "1" },
});

async function isOver(stream: EventReader): Promise<void> {
  while ((await stream.next()) !== undefined);
}

async function twoNodes(
  t: TestContext,
  postgres: PostgresServer,
): Promise<readonly [ServerProcess, ServerProcess]> {
  const url = await postgres.newDatabase();
  const start = async (): Promise<ServerProcess> =>
    startServer(t, {
      folder: await freshFolder(t),
      environment: { SLUICE_DATABASE_URL: url, SLUICE_VAULT_KEYS: vaultKeys },
    });
  return Promise.all([start(), start()]);
}

test("MCP on two nodes of one PostgreSQL", async (parent) => {
  const postgres = await startPostgres({ durable: false });
  parent.after(() => postgres.dispose());
  const [one, other] = await twoNodes(parent, postgres);

  await parent.test(
    "a session begun on one goes on at the other, and its end on one is its end on both",
    async () => {
      const client = clientWith(exampleKey);
      const { session } = await client.post(one, hello);
      assert.equal((await client.post(other, ask("tools/list"), { session })).status, 200);
      const stream = await client.stream(other, "/mcp", { "mcp-session-id": session });
      const ended = await fetch(`${one.url}/mcp`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${exampleKey}`, "mcp-session-id": session },
      });
      assert.equal(ended.status, 204);
      assert.equal((await client.post(other, ask("ping"), { session })).status, 404);
      await isOver(stream);
    },
  );

  await parent.test(
    "the streams and calls of a key that one revokes end on both within a second, whatever they are answered by",
    async (t) => {
      const { id: keyId, secret: key } = await one.ask(createApiKey, {
        name: "short-lived",
        expiresInDays: 30,
      });
      await one.ask(createEndpoint, { name: "awaited", targetUrl: one.echoUrl });
      const client = clientWith(key);
      const { session } = await client.post(one, hello);
      const input = { endpointId: "awaited", timeoutSeconds: 60 };
      const wait = ask("tools/call", { name: "wait_for_webhook", arguments: input });
      const goingOn = async (node: ServerProcess): Promise<readonly [string, Promise<unknown>][]> => {
        const streams = {
          "the stream of a session": await client.stream(node, "/mcp", { "mcp-session-id": session }),
          "the stream of 2024-11-05": await client.stream(node, "/mcp/sse"),
        };
        const refused = async (answer: Promise<{ readonly status: number }>): Promise<void> =>
          assert.equal((await answer).status, 401);
        const calls = {
          "a call in a session": refused(client.post(node, wait, { session })),
          "a call without one": refused(client.post(node, wait, { path: "/api/mcp" })),
          "a call over REST": refused(restAnswer({ url: node.url, key }, waitForWebhook, input)),
        };
        const ends = Object.entries(streams).map(([what, it]): [string, Promise<unknown>] => [
          what,
          isOver(it),
        ]);
        return [...ends, ...Object.entries(calls)].map(([what, end]) => [`${what} at ${node.url}`, end]);
      };
      const both = [...(await goingOn(one)), ...(await goingOn(other))];
      // A call that has not begun by then is refused as it begins, so nothing here depends on their order.
      assert.equal((await client.post(other, ask("ping"), { session })).status, 200);
      await one.ask(revokeCredential, { credentialId: keyId });
      const revokedAt = performance.now();
      await inForce(t, revokedAt, Object.fromEntries(both));
      assert.equal((await client.post(other, ask("ping"), { session })).status, 401);
    },
  );

  await parent.test(
    "what is posted to one is answered by the stream of the other, in the transport of 2024-11-05",
    async () => {
      const client = clientWith(exampleKey);
      const stream = await client.stream(one, "/mcp/sse");
      const path = (await stream.next())?.data ?? "";
      for (const [id, node] of [other, one, other].entries()) {
        assert.equal((await client.post(node, ask("tools/list", {}, id), { path })).status, 202);
        assert.equal((await stream.message()).id, id);
      }
      stream.leave();
      await eventually("the session's end seen by the other node", async () =>
        (await client.post(other, ask("ping"), { path })).status === 404 ? true : undefined,
      );
    },
  );

  await parent.test("a call on one is cancelled by way of the other", async () => {
    const client = clientWith(exampleKey);
    await one.ask(createEndpoint, { name: "waited-for", targetUrl: one.echoUrl });
    const { session } = await client.post(one, hello);
    const call = { name: "wait_for_webhook", arguments: { endpointId: "waited-for", timeoutSeconds: 60 } };
    const startedAt = performance.now();
    const waiting = client.post(one, ask("tools/call", call, 7), { session });
    await eventually("a session known to the other node", async () =>
      (await client.post(other, ask("ping"), { session })).status === 200 ? true : undefined,
    );
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
    assert.equal((await client.post(other, cancel, { session })).status, 202);
    assert.equal((await waiting).json.result.structuredContent["found"], false);
    assert.ok(performance.now() - startedAt < 60_000, "it did not wait to its end");
  });

  await parent.test(
    "a stream of one tells of what the other subscribed to: changes of an endpoint, and its traffic",
    async () => {
      const client = clientWith(exampleKey);
      const { slug } = await one.ask(createEndpoint, { name: "followed", targetUrl: one.echoUrl });
      const { session } = await client.post(one, hello);
      const uri = `sluice://endpoints/${slug}`;
      await client.post(other, ask("resources/subscribe", { uri }), { session });
      const stream = await client.stream(one, "/mcp", { "mcp-session-id": session });
      await other.ask(updateEndpoint, { endpointId: slug, name: "followed again" });
      assert.equal((await stream.message()).params.uri, uri);
      const list = "sluice://endpoints/list";
      await client.post(other, ask("resources/unsubscribe", { uri }), { session });
      await client.post(other, ask("resources/subscribe", { uri: list }), { session });
      // Tests are in no figures, so an event that counts is sent through the front door.
      const { ingestUrl } = await one.ask(createEndpoint, { name: "second", targetUrl: one.echoUrl });
      await eventually("the news of the second endpoint", async () => {
        const { params } = await stream.message();
        return params.uri === list ? true : undefined;
      });
      const path = new URL(ingestUrl).pathname;
      assert.equal((await fetch(other.url + path, { method: "POST", body: "{}" })).status, 200);
      assert.equal((await stream.message()).params.uri, list);
      stream.leave();
    },
  );

  await parent.test("the answer of a replay whose stream broke on one is found at the other", async (t) => {
    const client = clientWith(exampleKey);
    const target = await startTarget(t);
    const { ingestUrl, slug } = await one.ask(createEndpoint, { name: "replayed", targetUrl: target.url });
    const path = new URL(ingestUrl).pathname;
    for (let n = 0; n < 3; n++) await fetch(one.url + path, { method: "POST", body: `{"n":${n}}` });
    await eventually("every event delivered", async () =>
      (await one.ask(accountForWebhooks, { endpointId: slug })).delivered === 3 ? true : undefined,
    );
    const planned = ask("tools/call", {
      name: "replay_webhooks",
      arguments: { endpointId: slug, status: "all" },
    });
    const { planId } = (await client.post(one, planned)).json.result.structuredContent;
    const { session } = await client.post(one, hello);
    const start = { name: "replay_webhooks", arguments: { planId }, _meta: { progressToken: "p" } };
    const headers = { "mcp-session-id": session };
    const broken = await readEvents(new URL(`${one.url}/mcp`), {
      method: "POST",
      headers: {
        ...headers,
        authorization: `Bearer ${exampleKey}`,
        accept: "application/json, text/event-stream",
      },
      body: JSON.stringify(ask("tools/call", start, 9)),
    });
    // Names the stream before anything has happened.
    assert.equal((await broken.next())?.data, "");
    const first = await broken.next();
    const report = JSON.parse(first?.data ?? "") as { method: string; params: { total: number } };
    assert.deepEqual([report.method, report.params.total], ["notifications/progress", 3]);
    broken.leave();
    const resumed = await client.stream(other, "/mcp", { ...headers, "last-event-id": first?.id ?? "" });
    const last = await resumed.message();
    assert.equal(last.id, 9);
    assert.equal(last.result.structuredContent["delivered"], 3);
    await isOver(resumed);
  });

  await parent.test("a server that is told to stop ends its streams at once", async () => {
    const client = clientWith(exampleKey);
    const { session } = await client.post(one, hello);
    const streams = [
      await client.stream(one, "/mcp", { "mcp-session-id": session }),
      await client.stream(one, "/mcp/sse"),
    ];
    const stopped = one.stop();
    await Promise.all(streams.map(isOver));
    assert.equal((await stopped).code, 0);
  });
});
