import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../src/kernel/failure.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import { newExchangeId } from "../../src/kernel/id.ts";
import { type Node, openNode } from "../../src/engines/postgres/node.ts";
import { postgresTraffic } from "../../src/engines/traffic/postgres.ts";
import { sampleExchange, sampleJob } from "../../src/engines/traffic/samples.ts";
import type { Entry, Job, Traffic, Verdict } from "../../src/engines/traffic/traffic.ts";

export type TrafficNode = { readonly node: Node; readonly traffic: Traffic; close(): Promise<void> };

/** Nodes on one database, closed after the test. */
export async function openNodes(
  context: TestContext,
  url: string,
  count: number,
): Promise<readonly TrafficNode[]> {
  const nodes = await Promise.all(Array.from({ length: count }, () => openTrafficNode(url)));
  context.after(() => Promise.all(nodes.map((node) => node.close())));
  return nodes;
}

export async function openTrafficNode(url: string): Promise<TrafficNode> {
  const node = openNode({ url, log: (line) => assert.fail(line) });
  const traffic = await postgresTraffic(node, wallClock);
  let closing: Promise<void> | undefined;
  return {
    node,
    traffic,
    close() {
      closing ??= traffic.close().then(() => node.close());
      return closing;
    },
  };
}

/** An event received now with a delivery. */
export function eventEntry(
  lane: string,
  key: string | null,
  dedupe: string,
): Entry & { readonly event: string } {
  const now = wallClock.now();
  const event = newExchangeId(now);
  return {
    event,
    exchanges: [sampleExchange({ id: event, startedAt: now, receivedAt: now })],
    jobs: [sampleJob({ id: event, exchange: event, lane, key, dueAt: now, receivedAt: now })],
    unless: { key: dedupe, expiresAt: now + 3_600_000 },
    tally: [{ key: "quota", amount: 1 }],
  };
}

/** The entry that ends an attempt: delivered, or to be tried again at once. */
export function attemptEntry(job: Job, delivered: boolean): Entry {
  const now = wallClock.now();
  return {
    exchanges: [
      sampleExchange({
        id: newExchangeId(now),
        startedAt: now,
        kind: "attempt",
        parent: job.exchange,
        attempt: job.attempt + 1,
        ending: delivered ? "delivered" : null,
        receivedAt: job.receivedAt,
      }),
    ],
    jobs: [],
    finish: {
      job: job.id,
      claim: job.claim,
      then: delivered
        ? { kind: "done" }
        : { kind: "retry", dueAt: now, attempt: job.attempt + 1, payload: job.payload },
    },
  };
}

/** Commits until it is answered; an error that is no failure ends the test. */
export async function commitSurely(traffic: Traffic, entry: Entry, refused: () => void): Promise<Verdict> {
  for (;;) {
    try {
      return await traffic.journal.commit(entry);
    } catch (error) {
      assert.ok(error instanceof Failure && error.kind === "unavailable", String(error));
      refused();
      await sleep(50);
    }
  }
}
