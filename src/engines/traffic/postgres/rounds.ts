import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../kernel/failure.ts";

export type Rounds = { stop(): Promise<void> };

/**
 * Does `work` again and again with a pause before each time. Trouble with the database is left to the next time;
 * anything else is logged, and left to it too. `work` learns for how long it has gone well, in ms.
 */
export function startRounds(
  work: (wellMs: number) => Promise<void>,
  pauseMs: () => number,
  log: (line: string) => void,
): Rounds {
  const stopped = new AbortController();
  let wellSince = performance.now();
  const going = (async () => {
    for (;;) {
      // An aborted pause is over early, which is all that matters here.
      await sleep(pauseMs(), undefined, { signal: stopped.signal, ref: false }).catch(() => {});
      if (stopped.signal.aborted) return;
      try {
        await work(performance.now() - wellSince);
      } catch (error) {
        wellSince = performance.now();
        if (!(error instanceof Failure)) log(`a round of the traffic database failed: ${String(error)}`);
      }
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await going;
    },
  };
}
