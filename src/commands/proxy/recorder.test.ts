import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { CapturedRecord } from "../../../capture/wire.ts";
import { Losses } from "../../../capture/losses.ts";
import type { Observed } from "./observed.ts";
import { proxyRules, ProxySettings, type ProxyRules } from "./proxy-rules.ts";
import { Recorder } from "./recorder.ts";
import { SummaryTable } from "../../../capture/summary-table.ts";

const noon = Date.UTC(2026, 10, 20, 12);

function rulesWith(more: Partial<ProxySettings> = {}): ProxyRules {
  const settings = {
    revision: "1",
    environment: "production",
    bucket: "default",
    tokenKey: Buffer.alloc(32).toString("base64"),
    bodyBytesMax: 65_536,
    flushEveryMs: 1_000,
    payloadsPerMinuteMax: 1_000_000,
    redactions: [],
    exclusions: [],
    samplings: [],
    blocks: [],
  };
  return proxyRules(ProxySettings.parse({ ...settings, ...more }));
}

function observed(more: Partial<Observed> = {}): Observed {
  return {
    startedAt: noon,
    durationMs: 5,
    method: "GET",
    host: "shop.example",
    target: "/users/7",
    ip: "203.0.113.9",
    status: 200,
    outcome: "answered",
    error: null,
    request: { headers: [], bytes: Buffer.alloc(0), size: 0 },
    response: { headers: [], bytes: Buffer.from("ok"), size: 2 },
    ...more,
  };
}

function scene() {
  const [summaries, losses] = [new SummaryTable(1024 * 1024), new Losses()];
  const recorder = new Recorder(summaries, losses);
  const records = async (): Promise<readonly CapturedRecord[]> => {
    await recorder.settled;
    return recorder.take(10_000, Infinity).map((it) => JSON.parse(it.toString()) as CapturedRecord);
  };
  return { summaries, losses, recorder, records };
}

const named = { name: "rule", environment: null, id: "r1" };

test("everything is counted, whatever is recorded of it", async () => {
  const { summaries, recorder, records, losses } = scene();
  const rules = rulesWith({
    exclusions: [{ ...named, selection: { path: "/health" } }],
    samplings: [{ ...named, selection: { path: "/users/*" }, rate: 0, keepErrors: true }],
    payloadsPerMinuteMax: 1,
  });
  recorder.observe(observed({ target: "/health?x=1" }), rules);
  recorder.observe(observed(), rules);
  recorder.observe(observed({ target: "/users/8", durationMs: 7 }), rules);
  recorder.observe(observed({ target: "/users/9", status: 500 }), rules);
  recorder.observe(observed({ target: "/other" }), rules);
  const counted = summaries
    .take(100)
    .map(({ route, status, count, durationMs }) => [route, status, count, durationMs]);
  assert.deepEqual(counted, [
    ["/health", 200, 1, 5],
    ["/users/{number}", 200, 2, 12],
    ["/users/{number}", 500, 1, 5],
    ["/other", 200, 1, 5],
  ]);
  assert.deepEqual(
    (await records()).map(({ status }) => status),
    [500],
    "an error is kept, and no more than wanted",
  );
  assert.deepEqual(losses.take(), { records: 1, summaries: 0, reasons: { over_limit: 1 } });
});

test("what waits has a bound, and what has no room is counted as dropped", async () => {
  const { losses, recorder, records, summaries } = scene();
  const bytes = Buffer.alloc(1024 * 1024, "x");
  const large = observed({ response: { headers: [], bytes, size: bytes.length } });
  for (let n = 0; n < 40; n++) recorder.observe(large, rulesWith());
  const { records: dropped, reasons } = losses.take();
  assert.deepEqual([dropped, reasons], [8, { queue_full: 8 }]);
  assert.equal((await records()).length, 32);
  assert.equal(summaries.take(10)[0]?.count, 40);
  recorder.observe(large, rulesWith());
  assert.equal((await records()).length, 1, "what was taken makes room");
});

test("routes that are too many for a minute are counted together", () => {
  const summaries = new SummaryTable(1024 * 1024);
  const one = {
    at: noon,
    method: "GET",
    status: 200,
    outcome: "answered",
    requestBytes: 1,
    responseBytes: 1,
    durationMs: 1,
  } as const;
  for (let n = 0; n < 700; n++) summaries.add({ ...one, route: `/r${n}` });
  const taken = summaries.take(10_000);
  assert.equal(taken.length, 501);
  assert.equal(taken.find(({ route }) => route === "(other)")?.count, 200);
});

test("a compressed body is recorded as what it says", async () => {
  const text = JSON.stringify({ name: "shop".repeat(5_000), password: "canary-in-a-compressed-body" });
  const { recorder, records } = scene();
  const headers = [
    ["content-encoding", "gzip"],
    ["content-type", "application/json"],
  ] as const;
  recorder.observe(observed({ response: { headers, bytes: gzipSync(text), size: 200 } }), rulesWith());
  const [record] = await records();
  assert.ok(!JSON.stringify(record).includes("canary-in-a-compressed-body"));
  assert.equal(record?.response?.body?.size, 200);
});
