import assert from "node:assert/strict";
import { z } from "zod";
import type { Exchange } from "../../src/kernel/exchange.ts";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import type { SentRecord } from "../../src/planes/traffic/captured.ts";
import { livePlaces, type Place } from "../../src/planes/traffic/live-places.ts";
import { getMetrics } from "../../src/planes/traffic/operations/get-metrics.ts";
import { getRequestDetail } from "../../src/planes/traffic/operations/get-request-detail.ts";
import { searchRequests } from "../../src/planes/traffic/operations/search-requests.ts";
import { allRuleOperations } from "../../src/planes/traffic/rules/rules.ts";
import { exchangeIdOf } from "../../src/planes/traffic/stored-record.ts";
import type { RunningWorld } from "../running-world.ts";
import { excludedPath, type Series } from "./captured-records.ts";
import { assertInvariants, exchangesOf } from "./invariants.ts";
import { ownRedactions } from "./plants.ts";
import { assertNowhere } from "./nowhere.ts";

const bodyBytesKept = 64 * 1024;
/** What can be asked of: windows lie in these years. */
const always = { since: "2000-01-01T00:00:00Z", until: "2099-12-31T23:59:00Z" };
const [first, last] = [Date.parse(always.since), Date.parse(always.until)];
const formats = [undefined, "curl", "har", "test"] as const;

type Look = (exchange: Exchange) => void;
export type Counted = Omit<Series, "requestBytes" | "responseBytes"> & {
  readonly requestBytes: number | null;
  readonly responseBytes: number | null;
};

export type Receipt = {
  readonly batch: string;
  readonly accepted: number;
  readonly leftOut: number;
  readonly refused: number;
};

/**
 * What senders of captured traffic were told: what has to be there in production, and nothing besides. What is in other
 * environments has to be whole, whatever it is.
 */
export type Books = {
  /** In production. */
  place(bucket: string): Promise<Place>;
  /** A record that is stored by now, and how it has to look; the first of an id is what stays. */
  stored(place: Place, id: string, look: Look): void;
  /** The books' own memory of what one batch brings: a record counts where neither it nor one before has brought its id. */
  newRecords(place: Place): (id: string) => boolean;
  /** What counts once; of its bytes nothing is known where they are null. */
  counted(series: Counted): void;
  receipt(receipt: Receipt): void;
  /** Compares them with what is stored and what tools say of it; answers how many records there are. */
  compare(): Promise<number>;
};

/** Opens the books of a workspace in which nothing was captured yet, and gives it rules. */
export async function openBooks(world: RunningWorld, workspace: string): Promise<Books> {
  const places = await livePlaces(world.engines);
  await makeRules(world, workspace);
  const records = new Map<string, Look>();
  const series: Counted[] = [];
  const receipts: Receipt[] = [];
  return {
    async place(bucket) {
      const place = await places.find(workspace, "production", bucket);
      assert.ok(place, `there is no bucket ${bucket}`);
      return place;
    },
    stored(place, id, look) {
      const exchange = exchangeIdOf(place, id);
      if (!records.has(exchange)) records.set(exchange, look);
    },
    newRecords(place) {
      const brought = new Set<string>();
      return (id) => {
        const exchange = exchangeIdOf(place, id);
        const isNew = !records.has(exchange) && !brought.has(exchange);
        brought.add(exchange);
        return isNew;
      };
    },
    counted: (one) => void series.push(one),
    receipt: (one) => void receipts.push(one),
    async compare() {
      const { ledger } = world.engines;
      await assertFigures(world, workspace, series);
      while ((await ledger.roll(1_000)) > 0);
      await assertFigures(world, workspace, series);
      const all = await exchangesOf(world, workspace);
      const own = all.filter(({ environment }) => environment === "production");
      assertReceipts(own, receipts);
      await assertRecords(world, own, records);
      await assertShown(
        world,
        workspace,
        all.filter(({ kind }) => kind !== "batch"),
      );
      await assertInvariants(world, workspace);
      assert.equal((await world.call(workspace, accountForWebhooks, {}))["remainder"], 0);
      assertNowhere(world);
      while ((await ledger.seal(1_000)) > 0);
      assertNowhere(world);
      return records.size;
    },
  };
}

/** Whether the rules of the workspace leave it out. */
export function isExcluded({ target }: Pick<SentRecord, "target">): boolean {
  return target.split(/[?#]/, 1)[0] === excludedPath;
}

/** What a record counts for where nothing else counts it. */
export function countOf(record: SentRecord): Series {
  const { startedAt, method, status, outcome, durationMs, request, response, weight } = record;
  const count = Math.round(weight);
  return {
    at: startedAt,
    method,
    route: "",
    status: status ?? 0,
    outcome,
    count,
    requestBytes: request.size * count,
    responseBytes: (response?.size ?? 0) * count,
    durationMs: durationMs * count,
  };
}

async function makeRules(world: RunningWorld, workspace: string): Promise<void> {
  const named = (wanted: string) => {
    const it = allRuleOperations.find(({ name }) => name === wanted);
    assert.ok(it);
    return it;
  };
  for (const rule of ownRedactions) await world.call(workspace, named("create_redaction"), rule);
  await world.call(workspace, named("create_exclusion"), {
    name: "health",
    selection: { path: excludedPath },
  });
}

const Metrics = z.object({
  requests: z.int(),
  errors: z.int(),
  averageMs: z.number().nullable(),
  failed: z.int(),
  aborted: z.int(),
  blocked: z.int(),
  requestBytes: z.number(),
  responseBytes: z.number(),
  byStatus: z.record(z.string(), z.int()),
  byMethod: z.record(z.string(), z.int()),
});

async function assertFigures(world: RunningWorld, workspace: string, all: readonly Counted[]): Promise<void> {
  for (const environment of ["staging", undefined])
    await world.call(workspace, getMetrics, { ...always, ...(environment && { environment }) });
  const told = Metrics.parse(
    await world.call(workspace, getMetrics, { ...always, environment: "production" }),
  );
  const series = all.filter(({ at }) => at >= first && at < last);
  const sum = (of: (one: Counted) => number) => series.reduce((total, one) => total + of(one), 0);
  const count = (matches: (one: Counted) => boolean) => sum((one) => (matches(one) ? one.count : 0));
  const { averageMs, requestBytes, responseBytes, ...counts } = told;
  assert.deepEqual(counts, {
    requests: count(() => true),
    errors: count(({ status, outcome }) => status >= 400 || outcome === "failed"),
    failed: count(({ outcome }) => outcome === "failed"),
    aborted: count(({ outcome }) => outcome === "aborted"),
    blocked: count(({ outcome }) => outcome === "blocked"),
    byStatus: by(series, ({ status }) => (status === 0 ? "none" : `${Math.floor(status / 100)}xx`)),
    byMethod: by(series, ({ method }) => method),
  });
  assertAmount(
    requestBytes,
    series.map((one) => one.requestBytes),
  );
  assertAmount(
    responseBytes,
    series.map((one) => one.responseBytes),
  );
  const expectedMs =
    Math.min(
      sum((one) => one.durationMs),
      Number.MAX_SAFE_INTEGER,
    ) / (counts.requests || 1);
  assert.ok(
    Math.abs((averageMs ?? 0) - expectedMs) <= 0.01 + expectedMs * 1e-9,
    `${averageMs} of ${expectedMs}`,
  );
}

function by(series: readonly Counted[], key: (one: Counted) => string): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const one of series) counts.set(key(one), (counts.get(key(one)) ?? 0) + one.count);
  return Object.fromEntries(counts);
}

/** Exact as far as numbers are; what is more than that is no less than that. */
function assertAmount(told: number, amounts: readonly (number | null)[]): void {
  if (amounts.includes(null)) return;
  const expected = amounts.reduce<number>((sum, amount) => sum + (amount ?? 0), 0);
  if (expected <= Number.MAX_SAFE_INTEGER) assert.equal(told, expected);
  else assert.ok(told >= Number.MAX_SAFE_INTEGER, `${told} of ${expected}`);
}

function assertReceipts(all: readonly Exchange[], receipts: readonly Receipt[]): void {
  const stored = all
    .filter(({ kind }) => kind === "batch")
    .map(({ facts: { batch, accepted, leftOut, refused } }) => [batch, accepted, leftOut, refused].join(" "));
  const told = receipts.map((it) => [it.batch, it.accepted, it.leftOut, it.refused].join(" "));
  assert.deepEqual(stored.toSorted(), told.toSorted(), "each batch that was taken has left its receipt");
}

async function assertRecords(
  { engines }: RunningWorld,
  all: readonly Exchange[],
  records: ReadonlyMap<string, Look>,
): Promise<void> {
  const stored = all.filter(({ kind }) => kind !== "batch");
  assert.deepEqual(
    stored.map(({ id }) => id).toSorted(),
    [...records.keys()].toSorted(),
    "what was accepted is stored, and nothing else",
  );
  for (const { id, workspace } of stored) {
    const [exchange, look] = [await engines.ledger.get(workspace, { id }), records.get(id)];
    assert.ok(exchange && look);
    look(exchange);
  }
}

/** What was not redacted is as it was sent; the rest of what is told of it as well. */
export function assertAsSent(exchange: Exchange, record: SentRecord): void {
  const { kind, method, status, outcome, durationMs, trace } = record;
  assert.partialDeepStrictEqual(exchange, { kind, method, status, outcome, durationMs, trace });
  assert.equal(exchange.startedAt, Math.round(record.startedAt));
  assert.equal(exchange.host, record.host.toLowerCase().toWellFormed());
  assert.equal(exchange.route, (record.route ?? "").toWellFormed());
  assert.equal(exchange.facts["requestBytes"], record.request.size);
  if (exchange.facts["redacted"] !== undefined) return;
  assert.equal(exchange.path, record.target.toWellFormed());
  assertMessage(exchange.request, record.request);
  if (exchange.response === null || record.response === null)
    assert.equal(exchange.response, record.response);
  else assertMessage(exchange.response, record.response);
}

function assertMessage(stored: Exchange["request"], sent: SentRecord["request"]): void {
  assert.deepEqual(wellFormed(stored.headers), wellFormed(sent.headers));
  const { body } = sent;
  if (body === null) {
    assert.equal(stored.body, null);
    return;
  }
  const whole = "text" in body ? Buffer.from(body.text) : Buffer.from(body.base64, "base64");
  assert.ok(stored.body);
  assert.ok(whole.subarray(0, bodyBytesKept).equals(stored.body.bytes), "the body is as it was sent");
  assert.equal(stored.body.size, body.size);
  assert.equal(stored.body.truncated, body.truncated || whole.length > bodyBytesKept);
}

function wellFormed(headers: Exchange["request"]["headers"]): Exchange["request"]["headers"] {
  return headers.map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]);
}

const Found = z.object({
  requests: z.array(z.object({ id: z.string() })),
  nextCursor: z.string().nullable(),
});

/** Every record is found by the search, and shown whole in each form. */
async function assertShown(
  world: RunningWorld,
  workspace: string,
  stored: readonly Exchange[],
): Promise<void> {
  const found: string[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const asked = { ...always, limit: 100, ...(cursor !== undefined && { cursor }) };
    const page = Found.parse(await world.call(workspace, searchRequests, asked));
    found.push(...page.requests.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  const within = stored.filter(({ startedAt }) => startedAt >= first && startedAt < last);
  assert.deepEqual(found.toSorted(), within.map(({ id }) => id).toSorted(), "the search finds each once");
  for (const [n, { id }] of stored.entries()) {
    const as = formats[n % formats.length];
    const shown = await world.call(workspace, getRequestDetail, { requestId: id, ...(as && { as }) });
    assert.equal(shown["id"], id);
  }
}
