import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../kernel/failure.ts";
import type { Engines } from "./engines.ts";
import type { MessageHandler } from "./plane.ts";

const batch = 100;
const pauseAfterTroubleMs = 1_000;

export type Courier = {
  /** Handles every message committed so far. */
  flush(): Promise<void>;
  stop(): Promise<void>;
};

/** Carries outbox messages of the store to their handlers: after each commit, at start, and again after a failure. */
export function startCourier(handlers: readonly MessageHandler[], engines: Engines): Courier {
  const { store } = engines;
  const byName = new Map(handlers.map((it) => [it.name, it]));
  let round: Promise<void> | undefined;
  let again = false;
  const stopped = new AbortController();

  async function carry(): Promise<void> {
    for (again = true; again && !stopped.signal.aborted;) {
      again = false;
      const messages = await store.outbox.pending(batch);
      for (const message of messages) {
        const handler = byName.get(message.name);
        if (handler === undefined) engines.log(`no handler for outbox message ${message.name}`);
        else await handler.handle(message);
        await store.outbox.done([message.id]);
      }
      if (messages.length === batch) again = true;
    }
  }

  function wake(): Promise<void> {
    if (round !== undefined) {
      again = true;
      return round;
    }
    round = carry()
      .catch(async (error: unknown) => {
        if (!(error instanceof Failure)) engines.log(`outbox failed: ${String(error)}`);
        await sleep(pauseAfterTroubleMs);
        again = true;
      })
      .finally(() => {
        round = undefined;
        if (again && !stopped.signal.aborted) void wake();
      });
    return round;
  }

  const unsubscribe = store.onChange(() => void wake());
  void wake();
  return {
    flush: wake,
    async stop() {
      stopped.abort();
      unsubscribe();
      await round;
    },
  };
}
