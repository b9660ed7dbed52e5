import { Failure } from "../kernel/failure.ts";
import type { Engines } from "./engines.ts";
import type { Upkeep } from "./plane.ts";

export type Caretaker = { stop(): Promise<void> };

/** Runs each upkeep now and then every `everyMs` after it has ended; one that fails is logged and tried again. */
export function startCaretaker(list: readonly Upkeep[], { log }: Pick<Engines, "log">): Caretaker {
  const timers = new Map<Upkeep, NodeJS.Timeout>();
  const under = new Set<Promise<void>>();
  const stopped = new AbortController();

  function start(it: Upkeep): void {
    const work = it
      .run()
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) log(`upkeep ${it.name} failed: ${String(error)}`);
      })
      .finally(() => {
        under.delete(work);
        if (!stopped.signal.aborted) timers.set(it, setTimeout(start, it.everyMs, it).unref());
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
