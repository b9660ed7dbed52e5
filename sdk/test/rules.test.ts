// What the server decides: what is blocked, left out, sampled and limited, and that figures are exact in any case.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { capture } from "../src/capture.ts";
import { until, world, type World } from "./agent-world.ts";
import { exampleKey, exampleSettings } from "./receiver.ts";

const counted = ({ sink }: World) =>
  sink.batches.flatMap(({ summaries }) => summaries).reduce((sum, { count }) => sum + count, 0);

async function ask({ url }: World, paths: readonly string[]): Promise<void> {
  for (const path of paths) await (await fetch(`${url}${path}`)).text();
}

test("a blocked request is answered before any handler runs, and recorded as such", async (t) => {
  const handled: unknown[] = [];
  const here = await world(t, {
    handler: (request, response) => response.end(`${handled.push(request.url)}`),
    settings: {
      blocks: [
        { id: "blk_1", selection: { path: "/admin/**" }, message: "Not from here." },
        {
          id: "blk_2",
          selection: { header: { name: "x-tool", value: "scan*" } },
          status: 429,
          message: "Slow.",
        },
      ],
    },
  });
  const answer = await fetch(`${here.url}/admin/users?x=1`, { method: "POST", body: "a".repeat(10_000) });
  assert.equal(answer.status, 403);
  assert.partialDeepStrictEqual(await answer.json(), { status: 403, detail: "Not from here." });
  const scanned = await fetch(`${here.url}/a`, { headers: { "X-Tool": "scanner" } });
  assert.equal(scanned.status, 429);
  await scanned.text();
  await ask(here, ["/open"]);
  assert.deepEqual(handled, ["/open"]);
  await until(async () => (await here.agent.flush()) && here.sink.records().length === 3);
  const outcomes = here.sink.records().map(({ target, outcome, status }) => [target, outcome, status]);
  assert.deepEqual(outcomes, [
    ["/admin/users?x=1", "blocked", 403],
    ["/a", "blocked", 429],
    ["/open", "answered", 200],
  ]);
});

test("what is excluded is no record, and is counted", async (t) => {
  const here = await world(t, {
    handler: (_, response) => response.end(),
    settings: { exclusions: [{ id: "exc_1", selection: { path: "/health*" } }] },
  });
  await ask(here, ["/healthz", "/healthz", "/orders"]);
  await until(async () => (await here.agent.flush()) && here.sink.records().length > 0);
  assert.deepEqual(
    here.sink.records().map(({ target }) => target),
    ["/orders"],
  );
  assert.equal(counted(here), 3);
});

test("of what is sampled a share is kept, with its weight; errors are kept whole; all of it is counted", async (t) => {
  const rate = 0.3;
  const here = await world(t, {
    handler: (request, response) => response.writeHead(request.url === "/broken" ? 500 : 200).end(),
    settings: { samplings: [{ id: "smp_1", selection: {}, rate }] },
  });
  const many = 300;
  await ask(here, [...Array<string>(many).fill("/fine"), "/broken", "/broken"]);
  await until(async () => (await here.agent.flush()) && counted(here) === many + 2);
  const records = here.sink.records();
  const fine = records.filter(({ status }) => status === 200);
  // Ten standard deviations: a fair coin does not fail this once in a lifetime.
  assert.ok(Math.abs(fine.length - many * rate) < 10 * Math.sqrt(many * rate * (1 - rate)), `${fine.length}`);
  assert.ok(fine.every(({ weight }) => weight === 1 / rate));
  assert.deepEqual(
    records.filter(({ status }) => status === 500).map(({ weight }) => weight),
    [1, 1],
  );
});

test("payloads are limited by the minute, errors last of all, and what was over it is reported", async (t) => {
  const here = await world(t, {
    handler: (request, response) => response.writeHead(request.url === "/broken" ? 503 : 200).end(),
    settings: { payloadsPerMinuteMax: 8 },
  });
  await ask(here, [...Array<string>(20).fill("/fine"), ...Array<string>(4).fill("/broken")]);
  await until(async () => (await here.agent.flush()) && counted(here) === 24);
  const { records } = here.agent.stats().sent;
  const { overLimit } = here.agent.stats().dropped;
  assert.equal(records + overLimit, 24);
  // The minute may have turned meanwhile: then there are two shares.
  assert.ok(records >= 8, `${records}`);
  assert.ok(here.sink.records().filter(({ status }) => status === 503).length >= 2);
  await until(async () => {
    await here.agent.flush();
    return (
      here.sink.batches.reduce((sum, { dropped }) => sum + (dropped.reasons["over_limit"] ?? 0), 0) ===
      overLimit
    );
  });
});

test("a body is kept up to what the server wants of it, with its true size", async (t) => {
  const here = await world(t, {
    handler: (_, response) => response.end("é".repeat(100)),
    settings: { bodyBytesMax: 33 },
  });
  await ask(here, ["/"]);
  await until(async () => (await here.agent.flush()) && here.sink.records().length > 0);
  const { response } = here.sink.records()[0] ?? {};
  assert.partialDeepStrictEqual(response?.body, { text: "é".repeat(16), size: 200, truncated: true });
});

test("settings that change are in force once the server names them", async (t) => {
  const here = await world(t, { handler: (_, response) => response.end() });
  here.sink.settings = {
    ...exampleSettings,
    revision: "2",
    blocks: [{ id: "blk_1", selection: { path: "/late" }, message: "Now." }],
  };
  await ask(here, ["/first"]);
  await until(async () => (await here.agent.flush()) && here.agent.stats().settings === "2");
  assert.equal((await fetch(`${here.url}/late`)).status, 403);
});

test("settings last known to be good are kept for a start at which the server is away", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-settings-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const first = await world(t, {
    handler: (_, response) => response.end("said"),
    options: { settingsFolder: folder },
  });
  await first.agent.stop();
  const [kept, ...more] = readdirSync(folder);
  assert.ok(kept && more.length === 0);
  assert.equal(statSync(join(folder, kept)).mode & 0o777, 0o600, "it holds a key");

  first.sink.onSettings = (_, response) => response.writeHead(503).end();
  const again = capture({ url: first.sink.url, key: exampleKey, settingsFolder: folder });
  t.after(() => again.stop());
  await again.flush();
  assert.equal(again.stats().settings, "1");
  await ask(first, ["/later"]);
  await until(async () => (await again.flush()) && first.sink.records().length > 0);
  assert.partialDeepStrictEqual(first.sink.records()[0]?.response?.body, { text: "said" });
});

test("a server that answers the agents of others under capture does not record them", async (t) => {
  const here = await world(t, { handler: (_, response) => response.end() });
  await ask(here, ["/capture/v1/settings", "/capture/v1/batches", "/capture/v1/other"]);
  await until(async () => (await here.agent.flush()) && here.sink.records().length > 0);
  assert.deepEqual(
    here.sink.records().map(({ target }) => target),
    ["/capture/v1/other"],
  );
  assert.equal(here.agent.stats().observed, 1, "and nothing that the agent itself asks for");
});

test("a second call answers the agent that runs, and one that cannot begin says why", async (t) => {
  const { agent, sink } = await world(t, { handler: (_, response) => response.end() });
  assert.equal(capture({ url: "http://other.example", key: exampleKey }), agent);
  await agent.stop();
  const idle = capture({ url: "ftp://a.example", key: exampleKey });
  t.after(() => idle.stop());
  assert.equal(idle.stats().isRunning, false);
  assert.match(idle.stats().trouble ?? "", /SLUICE_URL/);
  assert.equal(await idle.flush(), true);
  assert.equal(sink.records().length, 0);
});
