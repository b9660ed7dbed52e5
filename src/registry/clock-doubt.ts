import { z } from "zod";
import type { Engines } from "./engines.ts";
import { serverScope } from "./workspace.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const keptMs = 4_000 * dayMs;

/** Apart from all workspaces. */
const place = { workspace: serverScope, collection: "clock", key: "seen" };

const Seen = z.object({
  at: z.number(),
  /** What the clock said when it had jumped. */
  doubtedFrom: z.number().nullable(),
});
type Seen = z.output<typeof Seen>;

/**
 * Whether the clock is to be doubted by who removes for good what is old by it. When it is over a day ahead of when it
 * was last asked, either nothing ran for so long or somebody set it: from then on it is doubted for a day, in which it
 * may be set right. Across restarts, and for all nodes of a database.
 */
export async function isClockDoubted({
  store,
  clock,
  log,
}: Pick<Engines, "store" | "clock" | "log">): Promise<boolean> {
  const now = clock.now();
  const stored = await store.entries.get(place.workspace, place.collection, place.key);
  const before = stored === undefined ? undefined : Seen.parse(stored);
  const seen = next(before, now);
  if (seen.doubtedFrom === now)
    log(
      `the clock is over a day ahead of when it was last looked at: nothing is removed for being old until ${new Date(now + dayMs).toISOString()}; set the clock right if it is wrong`,
    );
  if (seen.at !== before?.at || seen.doubtedFrom !== before.doubtedFrom)
    await store.commit({
      workspace: place.workspace,
      at: now,
      actor: { kind: "system", id: "upkeep" },
      operation: "look_at_clock",
      records: [],
      entries: [
        {
          collection: place.collection,
          key: place.key,
          value: seen,
          expiresAt: now + keptMs,
          mustBeNew: false,
        },
      ],
      outbox: [],
      audit: null,
    });
  return seen.doubtedFrom !== null;
}

function next(before: Seen | undefined, now: number): Seen {
  if (before === undefined) return { at: now, doubtedFrom: null };
  if (now - before.at > dayMs) return { at: now, doubtedFrom: now };
  // Noted by the hour: it is compared with a day.
  const at = Math.abs(now - before.at) > hourMs ? now : before.at;
  const { doubtedFrom } = before;
  const isOver = doubtedFrom === null || now < doubtedFrom || now - doubtedFrom >= dayMs;
  return { at, doubtedFrom: isOver ? null : doubtedFrom };
}
