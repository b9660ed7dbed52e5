import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../kernel/failure.ts";

/** As long as the longest lease. */
const lastingMs = 150_000;
const pauseMs = 1_000;
const passing: ReadonlySet<string> = new Set(["unavailable", "conflict"]);

/**
 * Stores what came of work that others have seen, also while the database is ailing or others change the same record:
 * for two and a half minutes, about as long as a lease lasts. What a target has seen and nobody recorded is delivered again.
 * `store` must be safe to repeat.
 *
 * @throws Failure when it did not come to pass, or `signal` fired meanwhile
 */
export async function persistently(signal: AbortSignal, store: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  for (;;) {
    try {
      await store();
      return;
    } catch (error) {
      const passes = error instanceof Failure && passing.has(error.kind);
      if (!passes || signal.aborted || performance.now() - begun >= lastingMs) throw error;
      await sleep(pauseMs);
    }
  }
}
