import type { Engines } from "../../registry/engines.ts";
import { decodedRow } from "../../registry/unit.ts";
import { quotaHardShare, quotaKey, workspace } from "../../registry/workspace.ts";

/** `soft`: accepted and held until the plan is raised or the month ends. `hard`: refused. */
export type QuotaState = "open" | "soft" | "hard";

export type Quota = {
  state(workspaceId: string, now: number): QuotaState;
  /** The sum an event received now is tallied under. */
  key(workspaceId: string, now: number): string;
  /** Called once an event is committed; the durable sum is tallied in that commit. */
  count(workspaceId: string, now: number): void;
  /** Answers the lane that events over the soft limit wait in, which is held. */
  overLane(workspaceId: string): Promise<string>;
  /** Lets go what waits where the plan was raised or a new month has begun. */
  release(): Promise<void>;
};

/** This month's accepted events of every workspace, in memory; loaded from the tallies, then counted along. */
export async function quotas(engines: Engines): Promise<Quota> {
  const { store, traffic, clock } = engines;
  const limits = new Map<string, number>();
  const used = new Map<string, number>();

  store.onChange((changed) => {
    for (const stored of changed)
      if (stored.kind === workspace.kind)
        limits.set(stored.id, decodedRow(workspace, stored).value.plan.eventsPerMonth);
  });
  for (const stored of await store.records.every(workspace.kind, { limit: 1_000 })) {
    limits.set(stored.id, decodedRow(workspace, stored).value.plan.eventsPerMonth);
    const key = quotaKey(stored.id, clock.now());
    used.set(key, (await traffic.journal.tallies(key)).get(key) ?? 0);
  }

  // The month's name is made once per workspace and hour, not per event.
  let hour = 0;
  const keys = new Map<string, string>();
  function keyOf(workspaceId: string, now: number): string {
    const current = Math.floor(now / 3_600_000);
    if (current !== hour) keys.clear();
    hour = current;
    let key = keys.get(workspaceId);
    if (key === undefined) keys.set(workspaceId, (key = quotaKey(workspaceId, now)));
    return key;
  }

  function state(workspaceId: string, now: number): QuotaState {
    const limit = limits.get(workspaceId) ?? Infinity;
    const sum = used.get(keyOf(workspaceId, now)) ?? 0;
    if (sum < limit) return "open";
    return sum < limit * quotaHardShare ? "soft" : "hard";
  }

  // Holds outlive the process: until the first release, every workspace may have one.
  const mayBeHeld = new Set(limits.keys());
  const held = new Set<string>();
  return {
    state,
    key: keyOf,
    async overLane(workspaceId) {
      const lane = `over/${workspaceId}`;
      if (held.has(workspaceId)) return lane;
      await traffic.queue.hold(lane, Infinity);
      held.add(workspaceId);
      mayBeHeld.add(workspaceId);
      return lane;
    },
    async release() {
      for (const workspaceId of mayBeHeld) {
        if (state(workspaceId, clock.now()) !== "open") continue;
        held.delete(workspaceId);
        mayBeHeld.delete(workspaceId);
        await traffic.queue.resume(`over/${workspaceId}`);
      }
    },
    count(workspaceId, now) {
      const key = keyOf(workspaceId, now);
      used.set(key, (used.get(key) ?? 0) + 1);
    },
  };
}
