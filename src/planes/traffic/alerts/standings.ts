import { z } from "zod";
import type { EntryChange } from "../../../engines/store/store.ts";
import type { Engines } from "../../../registry/engines.ts";
import { Course } from "./course.ts";
import { Notification } from "./notification.ts";

const collection = "alert";
const rounds = "alert-round";
const watchKey = "watch";
const listMax = 1_000;
const keptMs = 400 * 24 * 3_600_000;
/** A process that was stopped in the middle of a round for longer than this could overwrite what others found out. */
const fencedMs = 3_600_000;

/** How far a workspace's alerts have been looked at. */
export const Rounds = z.object({
  /** Looked at so often. */
  round: z.int(),
  /** The end of the last window. */
  to: z.int(),
  /** When counting began again after nobody looked. */
  knownFrom: z.int(),
});

export type Rounds = z.output<typeof Rounds>;

/** How an alert stands, and what was decided to tell: it is handed over at least once, and by its id known not to be new. */
export const Standing = Course.extend({ untold: Notification.nullable() });

export type Standing = z.output<typeof Standing>;

/** How the alerts of a workspace stand, by id; those that are gone or paused too, until the next round. */
export async function standingsOf(
  { store }: Pick<Engines, "store">,
  workspace: string,
): Promise<ReadonlyMap<string, Standing>> {
  const entries = await store.entries.list(workspace, collection, listMax);
  return new Map(entries.map(({ key, value }) => [key, Standing.parse(value)]));
}

export async function roundsOf(
  { store }: Pick<Engines, "store">,
  workspace: string,
): Promise<Rounds | undefined> {
  const stored = await store.entries.get(workspace, rounds, watchKey);
  return stored === undefined ? undefined : Rounds.parse(stored);
}

/** How an alert stands from now on; null = it is not looked at. */
export function standingChange(alert: string, standing: Standing | null, now: number): EntryChange {
  return { collection, key: alert, value: standing, expiresAt: now + keptMs, mustBeNew: false };
}

/** Of two processes that do the same round one can commit it. */
export function roundChanges(next: Rounds, now: number): readonly EntryChange[] {
  const fence = String(next.round);
  return [
    { collection: rounds, key: watchKey, value: next, expiresAt: now + keptMs, mustBeNew: false },
    { collection: rounds, key: fence, value: true, expiresAt: now + fencedMs, mustBeNew: true },
  ];
}
