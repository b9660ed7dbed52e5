import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import { read } from "../../src/registry/operation.ts";
import { eventually } from "../journeys/eventually.ts";
import { readEvents, type EventReader } from "./event-reader.ts";
import { keys, operations, serveSample, type Sample } from "./mcp-sample.ts";
import { ask, bearer, envelope, modernHeaders, sender, type Told } from "./mcp-wire.ts";

const streamsMax = 100;
const callsMax = 32;
const subscriptionsMax = 50;
const batchedMax = 4;

/** Waits until the test lets all go on; says how many are under way, and were at most. */
function waiting() {
  const go = Promise.withResolvers<void>();
  const count = { now: 0, most: 0 };
  const operation = read({
    name: "wait_here",
    title: "Wait here",
    does: "Waits.",
    verb: "GET",
    path: "/wait",
    scope: "notes:read",
    input: z.object({}),
    output: z.object({ waited: z.boolean() }),
    async run() {
      count.most = Math.max(count.most, ++count.now);
      await go.promise;
      count.now--;
      return { waited: true };
    },
  });
  return { operation, count, go: () => go.resolve() };
}

type Served = ReturnType<typeof waiting> & {
  readonly sample: Sample;
  readonly send: ReturnType<typeof sender>;
  begin(version?: string): Promise<{ readonly "mcp-session-id": string }>;
};

async function served(t: TestContext): Promise<Served> {
  const wait = waiting();
  const sample = await serveSample({ operations: [...operations, wait.operation] });
  t.after(() => sample.close());
  const send = sender(() => sample.at("/mcp"));
  return {
    ...wait,
    sample,
    send,
    async begin(protocolVersion = "2025-11-25") {
      const hello = { protocolVersion, capabilities: {}, clientInfo: { name: "test", version: "1" } };
      const told = await send(ask("initialize", hello));
      return { "mcp-session-id": told.headers.get("mcp-session-id") ?? "" };
    },
  };
}

const call = (id: number): object => ask("tools/call", { name: "wait_here", arguments: {} }, id);

test("a credential has at most 100 streams open, of whatever transport, and may open one again once one is closed", async (t) => {
  const { sample, begin } = await served(t);
  const open = (key: string = keys.all): Promise<EventReader> =>
    readEvents(sample.at("/mcp/sse"), { headers: { authorization: `Bearer ${key}` } });
  const streams = await Promise.all(Array.from({ length: streamsMax }, () => open()));
  for (const { status } of streams) assert.equal(status, 200);
  const session = await begin();
  const oneMore: Readonly<Record<string, () => Promise<Response>>> = {
    "2024-11-05": () => fetch(sample.at("/mcp/sse"), { headers: bearer }),
    "a session": () => fetch(sample.at("/mcp"), { headers: { ...bearer, ...session } }),
    "2026-07-28": () =>
      fetch(sample.at("/mcp"), {
        method: "POST",
        headers: { ...bearer, ...modernHeaders("subscriptions/listen") },
        body: JSON.stringify(
          ask("subscriptions/listen", {
            notifications: { resourceSubscriptions: ["sluice://notes/list"] },
            _meta: envelope,
          }),
        ),
      }),
  };
  for (const [name, ask429] of Object.entries(oneMore)) {
    const refused = await ask429();
    assert.equal(refused.status, 429, name);
    assert.match(await refused.text(), /Too many streams are open for this credential/);
  }
  const other = await open(keys.reader);
  assert.equal(other.status, 200, "another credential has its own");
  other.leave();
  streams[0]?.leave();
  const again = await eventually("room for another stream", async () => {
    const stream = await open();
    return stream.status === 200 ? stream : undefined;
  });
  for (const stream of [...streams, again]) stream.leave();
});

test("a session has at most 32 calls under way, and the next is refused while they are", async (t) => {
  const { send, begin, count, go } = await served(t);
  const session = await begin();
  const calls = Array.from({ length: callsMax }, (_, n) => send(call(n), session));
  await eventually("every call under way", async () => (count.now === callsMax ? true : undefined));
  const refused = await send(call(callsMax), session);
  assert.equal(refused.status, 429);
  assert.match(refused.json.error.message, /Too many calls of this session/);
  const other = send(call(1), await begin());
  await eventually("a call of another session under way", async () =>
    count.now === callsMax + 1 ? true : undefined,
  );
  go();
  const answered: readonly Told[] = await Promise.all([...calls, other]);
  for (const { status } of answered) assert.equal(status, 200);
  assert.equal((await send(call(callsMax), session)).status, 200);
});

test("a session follows at most 50 resources, of which one more is refused and one that it follows is not", async (t) => {
  const { send, begin } = await served(t);
  const session = await begin();
  const uris: string[] = [];
  for (let n = 0; n <= subscriptionsMax; n++) {
    const told = await send(ask("tools/call", { name: "create_note", arguments: { text: `note ${n}` } }));
    const { note } = told.json.result.structuredContent as unknown as {
      readonly note: { readonly id: string };
    };
    uris.push(`sluice://notes/${note.id}`);
  }
  const [first = "", ...others] = uris;
  const last = others.pop() ?? "";
  const subscribe = async (uri: string): Promise<number | undefined> => {
    const { json } = await send(ask("resources/subscribe", { uri }), session);
    return "error" in json ? json.error.code : undefined;
  };
  for (const uri of [first, ...others]) assert.equal(await subscribe(uri), undefined);
  assert.equal(await subscribe(last), 429);
  assert.equal(await subscribe(first), undefined);
  await send(ask("resources/unsubscribe", { uri: first }), session);
  assert.equal(await subscribe(last), undefined);
  const listen = ask("subscriptions/listen", {
    notifications: { resourceSubscriptions: uris },
    _meta: envelope,
  });
  const refused = await send(listen, modernHeaders("subscriptions/listen"));
  assert.equal(refused.json.error.code, -32602, "one stream follows no more either");
});

test("of a batch four calls are under way at once, and all are answered", async (t) => {
  const { send, begin, count, go } = await served(t);
  const session = await begin("2025-03-26");
  const batch = Array.from({ length: 3 * batchedMax }, (_, n) => call(n));
  const answer = send(batch, session);
  await eventually("four calls under way", async () => (count.now === batchedMax ? true : undefined));
  // What is answered by then has gone the same way as any fifth call would.
  assert.equal((await send(ask("tools/list"), session)).status, 200);
  assert.equal(count.now, batchedMax);
  go();
  const answers = JSON.parse((await answer).text) as readonly { readonly id: number }[];
  assert.deepEqual(
    answers.map(({ id }) => id),
    batch.map((_, n) => n),
  );
  assert.equal(count.most, batchedMax);
});
