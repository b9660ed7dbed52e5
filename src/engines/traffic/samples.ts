import assert from "node:assert/strict";
import type { Clock } from "../../kernel/clock.ts";
import type { NewExchange } from "../../kernel/exchange.ts";
import { newExchangeId } from "../../kernel/id.ts";
import type { Job, Traffic } from "./traffic.ts";
import type { NewJob } from "../../kernel/job.ts";

export const leaseMs = 60_000;

export type TestClock = Clock & { advance(ms: number): void };

/** Runs with real time, and jumps ahead when told to. */
export function testClock(): TestClock {
  let ahead = 0;
  return {
    now: () => Math.floor(performance.timeOrigin + performance.now()) + ahead,
    advance: (ms) => void (ahead += ms),
  };
}

export function sampleExchange(change: Partial<NewExchange> = {}): NewExchange {
  const startedAt = change.startedAt ?? 1_700_000_000_000;
  return {
    id: newExchangeId(startedAt),
    workspace: "ws_1",
    environment: "production",
    bucket: "bk_1",
    plane: "webhooks",
    kind: "event",
    subject: "ep_1",
    parent: null,
    trace: null,
    startedAt,
    durationMs: 1.5,
    method: "POST",
    host: "hooks.example.com",
    path: "/in/shop",
    route: "/in/{slug}",
    status: 200,
    outcome: "accepted",
    attempt: null,
    error: null,
    ending: null,
    receivedAt: startedAt,
    facts: {},
    request: { headers: [["Content-Type", "application/json"]], body: bodyOf(`{"n":1}`) },
    response: null,
    ...change,
  };
}

export function sampleJob(change: Partial<NewJob> = {}): NewJob {
  const exchange = change.exchange ?? newExchangeId(1_700_000_000_000);
  return {
    id: `job_${exchange}`,
    workspace: "ws_1",
    name: "deliver",
    payload: `{"n":1}`,
    lane: "lane_1",
    key: null,
    dueAt: 1_700_000_000_000,
    attempt: 0,
    exchange,
    receivedAt: 1_700_000_000_000,
    subject: "ep_1",
    ...change,
  };
}

export function bodyOf(text: string): {
  bytes: Uint8Array;
  size: number;
  sha256: string;
  truncated: boolean;
} {
  return { bytes: Buffer.from(text), size: text.length, sha256: "", truncated: false };
}

export function only<T>(items: readonly T[]): T {
  const [item] = items;
  assert.ok(item !== undefined && items.length === 1, `expected one item, got ${items.length}`);
  return item;
}

export function jobsOf(jobs: readonly Job[]): NewJob[] {
  return jobs.map(({ claim: _claim, ...job }) => job);
}

export async function idsClaimed(traffic: Traffic, limit: number): Promise<string[]> {
  return (await traffic.queue.claim(["deliver"], limit, leaseMs)).map(({ id }) => id);
}

export function done(traffic: Traffic, job: Job): ReturnType<Traffic["journal"]["commit"]> {
  const finish = { job: job.id, claim: job.claim, then: { kind: "done" } } as const;
  return traffic.journal.commit({ exchanges: [], jobs: [], finish });
}

/** Claims and finishes up to `limit` jobs; their ids in the order they came. */
export async function drained(traffic: Traffic, limit: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < limit) {
    const jobs = await traffic.queue.claim(["deliver"], Math.min(10, limit - ids.length), leaseMs);
    if (jobs.length === 0) break;
    ids.push(...jobs.map(({ id }) => id));
    await Promise.all(jobs.map((job) => done(traffic, job)));
  }
  return ids;
}

/** Lets everything happen that is about to. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Bytes as hex, so that Buffer and Uint8Array compare. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
}
