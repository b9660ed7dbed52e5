import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { replayWebhooks } from "../../src/planes/webhooks/operations/replay-webhooks.ts";
import { readEvents } from "../surfaces/event-reader.ts";
import { ask, envelope, modernHeaders } from "../surfaces/mcp-wire.ts";
import { eventually } from "./eventually.ts";
import { exampleKey, freshFolder, startServer, type ServerProcess } from "./server-process.ts";
import { accepting, startTarget, type Target } from "./target.ts";

const events = 8;
/** What may be under way when a replay is cancelled. */
const canary = 5;

const json = "application/json";
const both = `${json}, text/event-stream`;

type Replay = {
  readonly planId: string;
  readonly slug: string;
  /** How many deliveries of the replay reached the target. */
  readonly sent: () => number;
  /** Lets the target answer what it was asked and will be. */
  readonly go: () => void;
};

/** A planned replay of delivered events, whose target does not answer for now. */
async function hanging(t: TestContext, server: ServerProcess, name: string): Promise<Replay> {
  const target: Target = await startTarget(t);
  const { ingestUrl, slug } = await server.ask(createEndpoint, { name, targetUrl: target.url });
  for (let n = 0; n < events; n++) await fetch(ingestUrl, { method: "POST", body: `{"n":${n}}` });
  await eventually("every event delivered", async () =>
    (await server.ask(accountForWebhooks, { endpointId: slug })).delivered === events ? true : undefined,
  );
  const { planId } = await server.ask(replayWebhooks, { endpointId: slug, status: "all" });
  const waiting: (() => void)[] = [];
  target.behave((response, delivered) => waiting.push(() => void accepting(response, delivered)));
  return {
    planId: String(planId),
    slug,
    sent: () => target.seen.filter(({ headers }) => headers["sluice-replay"] === "true").length,
    go() {
      target.behave(accepting);
      for (const answer of waiting.splice(0)) answer();
    },
  };
}

function posting(body: object, headers: Readonly<Record<string, string>>): RequestInit {
  return {
    method: "POST",
    headers: { authorization: `Bearer ${exampleKey}`, accept: both, ...headers },
    body: JSON.stringify(body),
  };
}

/** Fails unless the plan says that it was cancelled, and nothing more was sent by the time that others arrive. */
async function assertStopped(server: ServerProcess, { planId, sent, go, slug }: Replay): Promise<void> {
  const state = await eventually("the end of the replay", async () => {
    const report = await server.ask(replayWebhooks, { planId });
    return report.state === "running" ? undefined : report;
  });
  assert.partialDeepStrictEqual(state, {
    state: "cancelled",
    reason: "The call that started it was cancelled.",
    selected: events,
    delivered: 0,
  });
  go();
  // One that is carried out from here to its end: time enough for what should not come.
  const again = await server.ask(replayWebhooks, { endpointId: slug, status: "all" });
  const done = await server.ask(replayWebhooks, { planId: String(again.planId) });
  assert.partialDeepStrictEqual(done, { state: "done", delivered: events });
  const stopped = sent() - events;
  assert.ok(stopped >= 1 && stopped <= canary, `${stopped} of the cancelled replay were sent`);
}

test("cancelling the call of a replay stops the replay", async (parent) => {
  const server = await startServer(parent, { folder: await freshFolder(parent) });
  const call = ({ planId }: Replay, meta: object): object =>
    ask("tools/call", { name: "replay_webhooks", arguments: { planId }, _meta: meta }, 7);

  await parent.test(
    "by notifications/cancelled in a session, whose call is answered how far it came",
    async (t) => {
      const url = `${server.url}/mcp`;
      const replay = await hanging(t, server, "in a session");
      const hello = {
        protocolVersion: "2025-11-25",
        capabilities: {},
        clientInfo: { name: "test", version: "1" },
      };
      const begun = await fetch(url, posting(ask("initialize", hello), {}));
      await begun.text();
      const session = { "mcp-session-id": begun.headers.get("mcp-session-id") ?? "" };
      const answer = fetch(url, posting(call(replay, {}), { ...session, accept: json }));
      await eventually("a delivery", async () => (replay.sent() > 0 ? true : undefined));
      const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } };
      assert.equal((await fetch(url, posting(cancel, session))).status, 202);
      assert.partialDeepStrictEqual(await (await answer).json(), {
        id: 7,
        result: { structuredContent: { state: "cancelled", delivered: 0, remaining: events } },
      });
      await assertStopped(server, replay);
    },
  );

  for (const path of ["/mcp", "/api/mcp"])
    await parent.test(`by closing the connection, at ${path} in 2026-07-28`, async (t) => {
      const replay = await hanging(t, server, `left at ${path}`);
      const leave = new AbortController();
      const headers = { ...modernHeaders("tools/call", "replay_webhooks"), accept: json };
      const left = fetch(server.url + path, {
        ...posting(call(replay, envelope), headers),
        signal: leave.signal,
      });
      await eventually("a delivery", async () => (replay.sent() > 0 ? true : undefined));
      leave.abort();
      await assert.rejects(left);
      await assertStopped(server, replay);
    });

  await parent.test("by closing the stream of its progress, outside of a session", async (t) => {
    for (const [meta, headers] of [
      [{ progressToken: "p" }, {}],
      [{ ...envelope, progressToken: "p" }, modernHeaders("tools/call", "replay_webhooks")],
    ] as const) {
      const replay = await hanging(t, server, `stream of ${Object.keys(headers).length} headers`);
      const stream = await readEvents(new URL(`${server.url}/mcp`), posting(call(replay, meta), headers));
      assert.equal((await stream.message()).method, "notifications/progress");
      await eventually("a delivery", async () => (replay.sent() > 0 ? true : undefined));
      stream.leave();
      await assertStopped(server, replay);
    }
  });

  await parent.test(
    "and a connection that breaks in an earlier revision, which says nothing, does not",
    async (t) => {
      const replay = await hanging(t, server, "broken off");
      const leave = new AbortController();
      const answer = fetch(`${server.url}/api/mcp`, {
        ...posting(call(replay, {}), {}),
        signal: leave.signal,
      });
      await eventually("a delivery", async () => (replay.sent() > 0 ? true : undefined));
      leave.abort();
      await assert.rejects(answer);
      replay.go();
      const { planId } = replay;
      const done = await eventually("the end of the replay", async () => {
        const report = await server.ask(replayWebhooks, { planId });
        return report.state === "running" ? undefined : report;
      });
      assert.partialDeepStrictEqual(done, { state: "done", delivered: events });
    },
  );
});
