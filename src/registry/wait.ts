import { setTimeout as sleep } from "node:timers/promises";
import type { Traffic } from "../engines/traffic/traffic.ts";

const pauseMs = 50;
const withoutCommitMs = 250;

/**
 * Asks `look` until it answers something, the time is over, or the caller goes away: at once, after commits (at most
 * every 50 ms, so that waiting is cheap under load), and four times a second in case another process commits.
 */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  { journal }: Pick<Traffic, "journal">,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T | undefined> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let wake: (() => void) | undefined;
  const stop = journal.onCommit(() => wake?.());
  try {
    for (;;) {
      const committed = new Promise<void>((resolve) => (wake = resolve));
      const found = await look();
      if (found !== undefined || over.aborted) return found;
      await quietly(sleep(pauseMs, undefined, { signal: over }));
      const idle = new AbortController();
      await Promise.race([
        committed,
        quietly(sleep(withoutCommitMs, undefined, { signal: AbortSignal.any([over, idle.signal]) })),
      ]);
      idle.abort();
    }
  } finally {
    stop();
  }
}

async function quietly(timer: Promise<void>): Promise<void> {
  // An aborted wait is over early, which is all that matters here.
  await timer.catch(() => {});
}
