import { setTimeout as sleep } from "node:timers/promises";
import type { Store } from "../engines/store/store.ts";
import { Failure } from "../kernel/failure.ts";

/** What is kept in memory of the store is not trusted once its feed was silent for longer. */
const silenceMsMax = 5_000;
const readMsMax = 3_000;
const retryAfterMs = 5_000;

/** Whether what is kept in memory may have missed a change, so that the store itself has to be asked. */
export function isStale({ feed }: Pick<Store, "feed">): boolean {
  return feed.silentMs() > silenceMsMax;
}

/**
 * Asks the store in place of memory, for those who are kept waiting.
 *
 * @throws Failure unavailable when it does not answer within 3 s; whatever `read` throws
 */
export async function readThrough<T>(read: () => Promise<T>): Promise<T> {
  const given = new AbortController();
  const late = sleep(readMsMax, undefined, { signal: given.signal, ref: false }).then(() => {
    throw new Failure("unavailable", "The configuration cannot be read at the moment.", { retryAfterMs });
  });
  try {
    return await Promise.race([read(), late]);
  } finally {
    // Whoever lost the race has nobody to tell.
    late.catch(() => {});
    given.abort();
  }
}
