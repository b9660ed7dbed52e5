import { setTimeout as sleep } from "node:timers/promises";
import type { Entry, Journal } from "../../engines/traffic/traffic.ts";
import { Failure } from "../../kernel/failure.ts";

const triesMax = 25;
const pauseMs = 1_000;

/**
 * Commits what came of work that others have seen, also while the database is ailing: for 25 s to two minutes, about as
 * long as a lease lasts. What a target has seen and nobody recorded would be delivered again.
 *
 * @throws Failure unavailable when the database stayed so, or `signal` fired
 */
export async function commitPersistently(
  journal: Pick<Journal, "commit">,
  signal: AbortSignal,
  entry: Entry,
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await journal.commit(entry);
      return;
    } catch (error) {
      const passing = error instanceof Failure && error.kind === "unavailable";
      if (!passing || signal.aborted || tries === triesMax) throw error;
      await sleep(pauseMs);
    }
  }
}
