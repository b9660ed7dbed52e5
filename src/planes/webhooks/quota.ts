import type { StoredRecord } from "../../engines/store/store.ts";
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
  /** Reads anew what this and all other processes have counted of the workspaces that were asked about since. */
  refresh(): Promise<void>;
  /** Lets go what waits where the plan was raised or a new month has begun. */
  release(): Promise<void>;
};

/**
 * What every workspace may use and has used this month, in memory: loaded from the tallies, counted along, and read anew
 * every few seconds for what other processes accepted. So with several of them the limits are passed by what the others
 * accept within those seconds, and an event committed while the tallies are read may count twice until they are read again.
 */
export async function quotas(engines: Engines): Promise<Quota> {
  const { store, traffic, clock } = engines;
  const use = monthlyUse(engines);
  const limits = new Map<string, number>();
  // Holds outlive whoever made them: until it was looked, every workspace may have one.
  const mayBeHeld = new Set<string>();
  const held = new Set<string>();

  function limit(stored: StoredRecord): void {
    limits.set(stored.id, decodedRow(workspace, stored).value.plan.eventsPerMonth);
    mayBeHeld.add(stored.id);
  }

  store.onChange((changed) => {
    for (const stored of changed) if (stored.kind === workspace.kind) limit(stored);
  });
  for (const stored of await store.records.every(workspace.kind, { limit: 1_000 })) {
    // What was told meanwhile is newer.
    if (!limits.has(stored.id)) limit(stored);
    await use.load(stored.id);
  }

  function state(workspaceId: string, now: number): QuotaState {
    const most = limits.get(workspaceId) ?? Infinity;
    const sum = use.of(workspaceId, now);
    if (sum < most) return "open";
    return sum < most * quotaHardShare ? "soft" : "hard";
  }

  let month = quotaKey("", clock.now());
  return {
    state,
    key: use.key,
    count: use.count,
    async overLane(workspaceId) {
      const lane = `over/${workspaceId}`;
      if (held.has(workspaceId)) return lane;
      await traffic.queue.hold(lane, Infinity);
      held.add(workspaceId);
      mayBeHeld.add(workspaceId);
      return lane;
    },
    async refresh() {
      // Another process may have let go what it saw within the limit by what it knew.
      held.clear();
      await use.refresh();
    },
    async release() {
      const current = quotaKey("", clock.now());
      if (current !== month) for (const workspaceId of limits.keys()) mayBeHeld.add(workspaceId);
      month = current;
      for (const workspaceId of mayBeHeld) {
        if (state(workspaceId, clock.now()) !== "open") continue;
        // It may have been filled elsewhere.
        await use.load(workspaceId);
        if (state(workspaceId, clock.now()) !== "open") continue;
        held.delete(workspaceId);
        mayBeHeld.delete(workspaceId);
        await traffic.queue.resume(`over/${workspaceId}`);
      }
    },
  };
}

function monthlyUse({ traffic, clock }: Engines) {
  const used = new Map<string, number>();
  // Of workspaces that are asked about, the others' use is of interest.
  const asked = new Set<string>();
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

  async function load(workspaceId: string): Promise<void> {
    const key = quotaKey(workspaceId, clock.now());
    const before = used.get(key) ?? 0;
    const sum = (await traffic.journal.tallies(key)).get(key) ?? 0;
    const countedMeanwhile = (used.get(key) ?? 0) - before;
    used.set(key, sum + countedMeanwhile);
  }

  return {
    key: keyOf,
    load,
    of(workspaceId: string, now: number): number {
      asked.add(workspaceId);
      return used.get(keyOf(workspaceId, now)) ?? 0;
    },
    count(workspaceId: string, now: number): void {
      const key = keyOf(workspaceId, now);
      used.set(key, (used.get(key) ?? 0) + 1);
    },
    async refresh(): Promise<void> {
      const all = [...asked];
      asked.clear();
      for (const workspaceId of all) await load(workspaceId);
    },
  };
}
