import { Failure } from "../kernel/failure.ts";
import type { Engines } from "./engines.ts";
import type { MessageHandler } from "./plane.ts";

const batch = 100;
const lookAgainMs = 1_000;
/** So long after a courier has died, another takes over. */
const leaseMs = 10_000;

export type Courier = {
  /** Handles every message committed so far, unless the courier of another process is at it. */
  flush(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Carries outbox messages of the store to their handlers: after each commit, at start, and again after a failure. Of all
 * processes on the store one carries at a time, in commit order; the others look now and then whether it has stopped.
 */
export function startCourier(handlers: readonly MessageHandler[], engines: Engines): Courier {
  const stopped = new AbortController();
  const carry = carrier(handlers, engines, stopped.signal);
  let round: Promise<void> | undefined;
  let again = false;
  let later: NodeJS.Timeout | undefined;

  function lookLater(): void {
    clearTimeout(later);
    if (!stopped.signal.aborted) later = setTimeout(wake, lookAgainMs).unref();
  }

  function wake(): Promise<void> {
    if (round !== undefined) {
      again = true;
      return round;
    }
    again = false;
    round = carry()
      .catch((error: unknown) => {
        if (!(error instanceof Failure)) engines.log(`outbox failed: ${String(error)}`);
        return "more";
      })
      .then((left) => {
        round = undefined;
        if (left === "more") lookLater();
        else if (again && !stopped.signal.aborted) void wake();
      });
    return round;
  }

  const unsubscribe = engines.store.onChange(() => void wake());
  void wake();
  return {
    async flush() {
      for (let under: Promise<void> | undefined = wake(); under !== undefined; under = round) await under;
    },
    async stop() {
      stopped.abort();
      clearTimeout(later);
      unsubscribe();
      await round;
    },
  };
}

/** Carries what is pending and answers what is left: nothing, or more to look after later. */
function carrier(
  handlers: readonly MessageHandler[],
  { store, log }: Engines,
  stopped: AbortSignal,
): () => Promise<"nothing" | "more"> {
  const byName = new Map(handlers.map((it) => [it.name, it]));
  let heldAt = -Infinity;

  /** Whether it is this process's turn, asked of the store in time to go on. */
  async function holds(): Promise<boolean> {
    const now = performance.now();
    if (now - heldAt < leaseMs / 2) return true;
    heldAt = (await store.lease("outbox", leaseMs)) ? now : -Infinity;
    return heldAt === now;
  }

  return async () => {
    for (;;) {
      // The turn comes first, so that who takes over finds only what the other has left.
      const waiting = heldAt === -Infinity && (await store.outbox.pending(1)).length > 0;
      if (waiting && !(await holds())) return "more";
      const messages = await store.outbox.pending(batch);
      if (messages.length === 0) return "nothing";
      for (const message of messages) {
        if (stopped.aborted || !(await holds())) return "more";
        const handler = byName.get(message.name);
        if (handler === undefined) log(`no handler for outbox message ${message.name}`);
        else await handler.handle(message);
        await store.outbox.done([message.id]);
      }
    }
  };
}
