import { after, beforeEach } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import assert from "node:assert/strict";
import { slotOf } from "../capture/slots.ts";
import { Failure } from "../src/kernel/failure.ts";
import { notifyJob } from "../src/planes/traffic/alerts/notification.ts";
import { createAlert } from "../src/planes/traffic/alerts/operations/create-alert.ts";
import { listAlerts } from "../src/planes/traffic/alerts/operations/list-alerts.ts";
import { listEvents } from "../src/planes/traffic/operations/list-events.ts";
import { summaryOf } from "../src/planes/traffic/summary.ts";
import type { Engines } from "../src/registry/engines.ts";
import type { Output } from "../src/registry/invoke.ts";
import { openRunningWorld, openTarget, type RunningWorld, type Target } from "./running-world.ts";

export const minuteMs = 60_000;
export const errorRate = { kind: "error_rate", above: 0.1, requestsMin: 10 };

/** What passes in one minute, and where. */
type Passing = Passed & Whither;
type Passed = { readonly well?: number; readonly failed?: number; readonly ms?: number };
type Whither = { readonly bucket?: string; readonly environment?: string; readonly route?: string };

/** What a test of alerts is played in: a world that all tests of a file share, and of each its own workspace and target. */
export const scene: {
  world: RunningWorld;
  workspace: string;
  target: Target;
  /** Whether notifications cannot be handed over, as by a node that is killed before it does. */
  isCut: boolean;
} = { workspace: "", isCut: false, world: await openRunningWorld(cuttable), target: await openTarget() };

after(async () => {
  await scene.target.close();
  await scene.world.close();
});
beforeEach(async () => {
  await scene.target.close();
  scene.isCut = false;
  scene.target = await openTarget();
  scene.workspace = await scene.world.newWorkspace();
});

function cuttable(engines: Engines): Engines {
  const { journal } = engines.traffic;
  const commit: typeof journal.commit = async (entry) => {
    if (entry.exchanges.some(({ kind }) => kind === "notification") && scene.isCut)
      throw new Failure("unavailable", "The node is gone.");
    return journal.commit(entry);
  };
  return { ...engines, traffic: { ...engines.traffic, journal: { ...journal, commit } } };
}

/** Counts what passes in the minute that begins at `at`. */
export async function pass(at: number, passing: Passing, where = scene.workspace): Promise<void> {
  const {
    well = 0,
    failed = 0,
    ms = 20,
    bucket = "default",
    environment = "production",
    route = "/",
  } = passing;
  const parts = [
    { status: 200, count: well },
    { status: 500, count: failed },
  ].filter(({ count }) => count > 0);
  await scene.world.engines.traffic.journal.commit({
    exchanges: [],
    jobs: [],
    summaries: parts.map(({ status, count }) =>
      summaryOf(
        {
          at,
          method: "GET",
          route,
          status,
          outcome: "answered",
          count,
          requestBytes: 0,
          responseBytes: 0,
          durationMs: ms * count,
          durations: [[slotOf(ms), count]],
        },
        { workspace: where, environment, bucket, id: "" },
      ),
    ),
  });
}

export function minuteNow(): number {
  return Math.floor(scene.world.clock.now() / minuteMs) * minuteMs;
}

/** So many minutes go by, in each of which this passes and alerts are looked at. */
export async function minutes(count: number, passing: Passing): Promise<void> {
  for (let n = 0; n < count; n++) {
    await pass(minuteNow(), passing);
    scene.world.moveOn(minuteMs);
    await scene.world.lookAtAlerts();
    await atRest();
  }
}

/** Resolves once no notification is due or under way: a clock that is moved meanwhile would void its lease. */
export async function atRest(): Promise<void> {
  const { queue } = scene.world.engines.traffic;
  for (;;) {
    const open = await queue.open({ workspace: scene.workspace, names: [notifyJob], limit: 100 });
    if (open.every(({ dueAt }) => dueAt > scene.world.clock.now())) return;
    await sleep(5);
  }
}

export async function alertWith(input: object): Promise<{ readonly id: string; readonly secret: string }> {
  const made = await scene.world.call(scene.workspace, createAlert, {
    name: "checkout",
    watch: errorRate,
    targetUrl: scene.target.url,
    ...input,
  });
  return { id: String(made["id"]), secret: String(made["signingSecret"]) };
}

type Said = { readonly id: string; readonly type: string; readonly data: Output; readonly attempt: string };

/** What the target was told, in the order it came, once there are so many. */
export async function said(count: number): Promise<readonly Said[]> {
  await scene.target.came(count);
  await atRest();
  return scene.target.reached.map((request) => {
    const { type, data } = JSON.parse(request.body.toString()) as { type: string; data: Output };
    return {
      id: request.header("sluice-id") ?? "",
      attempt: request.header("sluice-attempt") ?? "",
      type,
      data,
    };
  });
}

export async function types(count: number): Promise<readonly string[]> {
  return (await said(count)).map(({ type }) => type);
}

/** Asks to be sure that nothing more is said. */
export async function nothingMore(count: number): Promise<void> {
  await atRest();
  assert.equal(scene.target.reached.length, count);
}

export async function listed(): Promise<Output> {
  const { alerts } = await scene.world.call(scene.workspace, listAlerts, {});
  assert.ok(Array.isArray(alerts) && alerts.length === 1);
  return alerts[0] as Output;
}

export async function events(): Promise<readonly Output[]> {
  return (await scene.world.call(scene.workspace, listEvents, {}))["events"] as readonly Output[];
}
