import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport as SseV1 } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport as HttpV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ResourceUpdatedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { read } from "../../src/registry/operation.ts";
import { keys, operations, serveSample, type Sample } from "./mcp-sample.ts";

const name = { name: "test", version: "1.0.0" };
const headers = { authorization: `Bearer ${keys.all}` };
const uri = "sluice://notes/list";
const newNote = { name: "create_note", arguments: { text: "news" } };

const countUp = read({
  name: "count_up",
  title: "Count up",
  does: "Counts to three.",
  verb: "GET",
  path: "/count",
  scope: "notes:read",
  input: z.object({}),
  output: z.object({ counted: z.int() }),
  async run(_, { progress }) {
    for (const n of [1, 2, 3]) {
      progress(n, 3, `at ${n}`);
      // Reports that come close together are one.
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    return { counted: 3 };
  },
});

async function served(t: TestContext): Promise<Sample> {
  const sample = await serveSample({ operations: [...operations, countUp] });
  t.after(() => sample.close());
  return sample;
}

const withKey: typeof fetch = (input, init) =>
  fetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers } });

const v1Transports = {
  "a session": (sample: Sample) => new HttpV1(sample.at("/mcp"), { requestInit: { headers } }),
  "the transport of 2024-11-05": (sample: Sample) =>
    new SseV1(sample.at("/mcp/sse"), { eventSourceInit: { fetch: withKey }, requestInit: { headers } }),
};

for (const [title, transport] of Object.entries(v1Transports)) {
  test(`an unmodified 1.x client in ${title} hears how a call goes on and what changed`, async (t) => {
    const sample = await served(t);
    const client = new ClientV1(name);
    await client.connect(transport(sample));
    t.after(() => client.close());
    const reports: number[] = [];
    const onprogress = ({ progress }: { progress: number }): void => void reports.push(progress);
    await client.callTool({ name: "count_up", arguments: {} }, undefined, { onprogress });
    assert.deepEqual(reports, [1, 2, 3]);
    const updated = Promise.withResolvers<string>();
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) =>
      updated.resolve(params.uri),
    );
    await client.subscribeResource({ uri });
    await client.callTool(newNote);
    assert.equal(await updated.promise, uri);
  });
}

test("an unmodified 2.x client, in a session, hears how a call goes on and what changed", async (t) => {
  const sample = await served(t);
  const client = new ClientV2(name, { versionNegotiation: { mode: "legacy" } });
  await client.connect(new HttpV2(sample.at("/mcp"), { requestInit: { headers } }));
  t.after(() => client.close());
  const reports: number[] = [];
  await client.callTool(
    { name: "count_up", arguments: {} },
    { onprogress: ({ progress }) => reports.push(progress) },
  );
  assert.deepEqual(reports, [1, 2, 3]);
  const updated = Promise.withResolvers<string>();
  client.setNotificationHandler("notifications/resources/updated", ({ params }) =>
    updated.resolve(params.uri),
  );
  await client.subscribeResource({ uri });
  await client.callTool(newNote);
  assert.equal(await updated.promise, uri);
});

test("an unmodified 2.x client of 2026-07-28 hears how a call goes on and what it listens for", async (t) => {
  const sample = await served(t);
  const client = new ClientV2(name, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new HttpV2(sample.at("/mcp"), { requestInit: { headers } }));
  t.after(() => client.close());
  const reports: number[] = [];
  await client.callTool(
    { name: "count_up", arguments: {} },
    { onprogress: ({ progress }) => reports.push(progress) },
  );
  assert.deepEqual(reports, [1, 2, 3]);
  const updated = Promise.withResolvers<string>();
  client.setNotificationHandler("notifications/resources/updated", ({ params }) =>
    updated.resolve(params.uri),
  );
  const subscription = await client.listen({ resourceSubscriptions: [uri, "sluice://bug"] });
  assert.deepEqual(subscription.honoredFilter.resourceSubscriptions, [uri]);
  await client.callTool(newNote);
  assert.equal(await updated.promise, uri);
  await subscription.close();
});
