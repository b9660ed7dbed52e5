import { Failure } from "../kernel/failure.ts";
import type { Engines } from "./engines.ts";
import type { Upkeep } from "./plane.ts";

export type Caretaker = { stop(): Promise<void> };

/** Work that one process does stays with it, and is taken over when it was not done for two turns and so long. */
const spareMs = 60_000;

/** Work of which more is left rests so many times as long as it took, and so long at the least. */
const restShare = 3;
const restMsMin = 20;

/**
 * Runs each upkeep now and then every `everyMs` after it has ended, sooner while there is more to do; one that fails is
 * logged and tried again.
 */
export function startCaretaker(
  list: readonly Upkeep[],
  { log, store, clock }: Pick<Engines, "log" | "store" | "clock">,
): Caretaker {
  const timers = new Map<Upkeep, NodeJS.Timeout>();
  const under = new Set<Promise<void>>();
  const stopped = new AbortController();

  /** Answers how long to rest. */
  async function runOne({ name, everyMs, by, run }: Upkeep): Promise<number> {
    if (by === "one" && !(await store.lease(`upkeep ${name}`, 2 * everyMs + spareMs))) return everyMs;
    const startedAt = clock.now();
    if ((await run()) === "done") return everyMs;
    return Math.min(Math.max(restShare * (clock.now() - startedAt), restMsMin), everyMs);
  }

  function start(it: Upkeep): void {
    const work = runOne(it)
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) log(`upkeep ${it.name} failed: ${String(error)}`);
        return it.everyMs;
      })
      .then((restMs) => {
        under.delete(work);
        if (!stopped.signal.aborted) timers.set(it, setTimeout(start, restMs, it).unref());
      });
    under.add(work);
  }

  for (const it of list) start(it);
  return {
    async stop() {
      stopped.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.allSettled(under);
    },
  };
}
