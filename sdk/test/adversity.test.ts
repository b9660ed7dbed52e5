// What happens to a process under capture while Sluice does not do what it should: nothing, and memory stays bounded.
import assert from "node:assert/strict";
import { test } from "node:test";
import { processBytesMax } from "../src/budget.ts";
import { until, world } from "./agent-world.ts";
import { answerBatch, parsed, type Receiver } from "./receiver.ts";

type Refusal = { readonly name: string; readonly prepare: (sink: Receiver) => void; readonly keeps: boolean };

const refusals: readonly Refusal[] = [
  ...[429, 500, 503, 408].map((status) => ({
    name: `answers ${status}`,
    prepare: (sink: Receiver) =>
      void (sink.onBatch = (_, response) => response.writeHead(status, { "Retry-After": "0" }).end()),
    keeps: true,
  })),
  ...[400, 401, 403, 404, 413].map((status) => ({
    name: `answers ${status}`,
    prepare: (sink: Receiver) =>
      void (sink.onBatch = (_, response) => response.writeHead(status, { "Retry-After": "0" }).end()),
    keeps: false,
  })),
  {
    name: "cuts the connection",
    prepare: (sink) => void (sink.onBatch = (request) => request.socket.destroy()),
    keeps: true,
  },
  {
    name: "answers something that is no HTTP",
    prepare: (sink) => void (sink.onBatch = (request) => request.socket.end("\0\u0001garbage\r\n\r\n")),
    keeps: true,
  },
];

for (const { name, prepare, keeps } of refusals)
  test(`a server that ${name}: the process serves, and ${keeps ? "nothing is lost" : "what is lost is counted"}`, async (t) => {
    const { sink, agent, url } = await world(t, { handler: (_, response) => response.end("fine"), prepare });
    const clean = watched(t);
    assert.equal(await (await fetch(`${url}/first`)).text(), "fine");
    await until(async () => (await agent.flush(), agent.stats().failedTries > 0));
    sink.onBatch = undefined;
    assert.equal(await (await fetch(`${url}/second`)).text(), "fine");
    await until(
      async () => (await agent.flush()) && sink.records().some(({ target }) => target === "/second"),
    );
    const kept = sink.records().some(({ target }) => target === "/first");
    const dropped = sink.batches.reduce((sum, batch) => sum + batch.dropped.records, 0);
    assert.deepEqual({ kept, dropped }, keeps ? { kept: true, dropped: 0 } : { kept: false, dropped: 1 });
    if (!keeps) assert.equal(agent.stats().dropped.rejected, 1);
    const counted = sink.batches.flatMap(({ summaries }) => summaries);
    assert.equal(
      counted.reduce((sum, { count }) => sum + count, 0),
      2,
      "summaries arrive in any case",
    );
    assert.deepEqual(clean(), []);
  });

test("a batch whose answer is lost is sent again under its id, and counts once", async (t) => {
  const { sink, agent, url } = await world(t, { handler: (_, response) => response.end() });
  const ids: string[] = [];
  sink.onBatch = (request, _, body) => {
    ids.push(parsed(body).id);
    sink.onBatch = (__, next, again) => {
      ids.push(parsed(again).id);
      answerBatch(sink, next, parsed(again));
    };
    sink.batches.push(parsed(body));
    request.socket.destroy();
  };
  await (await fetch(url)).text();
  await until(async () => (await agent.flush()) && ids.length === 2);
  assert.equal(ids[0], ids[1]);
  assert.equal(sink.records().length, 1);
});

for (const [name, prepare] of [
  ["garbage", (sink: Receiver) => void (sink.onSettings = (_, response) => response.end("<html>"))],
  [
    "a rule that cannot be compiled",
    (sink: Receiver) =>
      void (sink.settings = {
        ...sink.settings,
        redactions: [{ id: "red_1", category: "own", places: [], match: { pattern: "(" } }],
      }),
  ],
  ["401", (sink: Receiver) => void (sink.onSettings = (_, response) => response.writeHead(401).end())],
] as const)
  test(`settings that are ${name}: shapes are recorded, and nothing else leaves`, async (t) => {
    const { sink, agent, url } = await world(t, {
      handler: (_, response) => response.writeHead(200, { "X-Inner": "canary-in-answer" }).end("canary-body"),
      prepare,
    });
    const headers = { "X-Anything": "canary-header", "Content-Type": "text/plain; charset=canary" };
    await (
      await fetch(`${url}/things/4711?q=canary-query`, { method: "POST", body: "canary-request", headers })
    ).text();
    await until(async () => (await agent.flush()) && sink.records().length > 0);
    const [record] = sink.records();
    assert.partialDeepStrictEqual(record, {
      target: "/things/{number}",
      status: 200,
      request: { body: null, size: 14 },
      response: { body: null, size: 11 },
    });
    assert.ok(!Buffer.concat(sink.bytes).includes("canary"));
    assert.equal(agent.stats().settings, null);
    assert.ok(agent.stats().trouble);
  });

test("a server that hangs while the process is busy: what is held stays bounded, and what is dropped is reported", async (t) => {
  const answer = "x".repeat(60_000);
  const { sink, agent, url } = await world(t, { handler: (_, response) => response.end(answer) });
  const held: (() => void)[] = [];
  sink.onBatch = (_, response, body) => void held.push(() => answerBatch(sink, response, parsed(body)));
  let most = 0;
  const load = async () => {
    for (let n = 0; n < 100; n++) {
      await (await fetch(url)).text();
      most = Math.max(most, agent.stats().heldBytes);
    }
  };
  await Promise.all([load(), load(), load(), load(), load()]);
  await until(() => agent.stats().dropped.queueFull > 0);
  assert.ok(most <= processBytesMax, `${most} bytes were held`);

  sink.onBatch = undefined;
  for (const release of held) release();
  await until(async () => (await agent.flush()) && agent.stats().heldBytes < 1_000_000);
  const { dropped } = agent.stats();
  const reported = sink.batches.reduce((sum, batch) => sum + (batch.dropped.reasons["queue_full"] ?? 0), 0);
  assert.equal(reported, dropped.queueFull + dropped.summaries);
  const counted = sink.batches.flatMap(({ summaries }) => summaries);
  assert.equal(
    counted.reduce((sum, { count }) => sum + count, 0) + dropped.summaries,
    500,
    "every request is counted, sent or dropped",
  );
  assert.equal(sink.records().length + dropped.queueFull, 500);
});

test("a connection that is lost with answers still waiting on it gives back what they held", async (t) => {
  const { agent, url } = await world(t, {
    handler: (_, response) => void response.write("y".repeat(10_000)),
  });
  const { connect } = await import("node:net");
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  for (const n of [1, 2, 3]) socket.write(`GET /${n} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  await until(() => agent.stats().heldBytes >= 10_000);
  socket.destroy();
  await until(async () => {
    await agent.flush();
    return agent.stats().observed === 3 && agent.stats().heldBytes < 10_000;
  });
});

/** What was reported as unhandled since it was called. */
function watched(t: Parameters<typeof world>[0]): () => readonly unknown[] {
  const seen: unknown[] = [];
  const note = (reason: unknown) => void seen.push(reason);
  process.on("unhandledRejection", note).on("warning", note);
  t.after(() => process.off("unhandledRejection", note).off("warning", note));
  return () => seen;
}
