import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { getLogDetail } from "../../src/planes/webhooks/operations/get-log-detail.ts";
import { replayWebhooks } from "../../src/planes/webhooks/operations/replay-webhooks.ts";
import { sendTest } from "../../src/planes/webhooks/operations/send-test.ts";
import { eventually } from "./eventually.ts";
import { freshFolder, isReady, startServer, type ServerProcess } from "./server-process.ts";
import { startTarget, type Target } from "./target.ts";

const senders = 8;
const webhooksEach = 100;
const tests = 10;

/** Senders at work at once, each one webhook after the other; answers the ids and how long each took, in ms. */
async function load(ingestUrl: string): Promise<{ ids: readonly string[]; tookMs: readonly number[] }> {
  const ids: string[] = [];
  const tookMs: number[] = [];
  const sender = async () => {
    for (let n = 0; n < webhooksEach; n++) {
      const from = performance.now();
      const answer = await fetch(ingestUrl, { method: "POST", body: JSON.stringify({ n }) });
      assert.equal(answer.status, 200);
      ids.push(((await answer.json()) as { id: string }).id);
      tookMs.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: senders }, sender));
  return { ids, tookMs };
}

function told(t: TestContext, what: string, tookMs: readonly number[]): void {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]?.toFixed(1);
  t.diagnostic(`accepting ${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
}

/** The account once nothing is pending. */
function settled(server: ServerProcess) {
  return eventually("an account without pending events", async () => {
    const account = await server.ask(accountForWebhooks, {});
    assert.equal(account.remainder, 0, account.unaccounted.join());
    return account.pending === 0 ? account : undefined;
  });
}

/** Carries a plan out; it may still be running when the call answers, then it is asked again. */
async function replayed(server: ServerProcess, planId: string) {
  return eventually("the end of the replay", async () => {
    const report = await server.ask(replayWebhooks, { planId });
    return report.state === "running" ? undefined : report;
  });
}

function timesOf(target: Target, kind: "live" | "test" | "replay"): ReadonlyMap<string, number> {
  const of = target.seen.filter(({ headers }) =>
    kind === "live"
      ? headers["sluice-test"] === undefined && headers["sluice-replay"] === undefined
      : headers[`sluice-${kind}`] === "true",
  );
  return new Map([...Map.groupBy(of, ({ event }) => event)].map(([event, list]) => [event, list.length]));
}

test("tests and replays while webhooks keep arriving: none fails, waits for the other, or gets lost", async (t) => {
  const target = await startTarget(t);
  const server = await startServer(t, { folder: await freshFolder(t) });
  const { ingestUrl } = await server.ask(createEndpoint, { name: "busy", targetUrl: target.url });

  const alone = await load(ingestUrl);
  told(t, "alone", alone.tookMs);
  await settled(server);

  const plan = await server.ask(replayWebhooks, { endpointId: "busy", status: "delivered" });
  assert.equal(plan.selected, alone.ids.length);
  assert.ok(plan.planId);
  const loading = load(ingestUrl);
  const replaying = replayed(server, plan.planId);
  const testing: string[] = [];
  for (let n = 0; n < tests; n++) {
    const { logId } = await server.ask(sendTest, { endpointId: "busy" });
    assert.ok(logId);
    testing.push(logId);
    await eventually("the delivery of a test", async () =>
      (await server.ask(getLogDetail, { logId })).state === "delivered" ? true : undefined,
    );
  }
  assert.partialDeepStrictEqual(await replaying, {
    state: "done",
    delivered: alone.ids.length,
    failed: 0,
    remaining: 0,
  });
  const beside = await loading;
  told(t, "beside tests and a replay", beside.tookMs);

  const account = await settled(server);
  const accepted = [...alone.ids, ...beside.ids];
  assert.partialDeepStrictEqual(account, {
    received: accepted.length,
    delivered: accepted.length,
    failed: 0,
    duplicate: 0,
    rejected: 0,
  });
  const once = (ids: readonly string[]) => new Map(ids.toSorted().map((id) => [id, 1]));
  const sorted = (times: ReadonlyMap<string, number>) =>
    new Map([...times].toSorted(([a], [b]) => a.localeCompare(b)));
  assert.deepEqual(sorted(timesOf(target, "live")), once(accepted));
  assert.deepEqual(sorted(timesOf(target, "test")), once(testing));
  assert.deepEqual(sorted(timesOf(target, "replay")), once(alone.ids));
  assert.ok(await isReady(server.url));
});
