/** Turns of the event loop in which nothing more came. */
const turns = 8;
/** However much keeps coming, nobody waits longer. */
const msMax = 3;

/**
 * Calls once nothing more comes: whoever was answered a moment ago and comes again at once is waited for, which takes
 * microseconds when nobody does.
 *
 * @returns what to call whenever something has come
 */
export function onLull(call: () => void): () => void {
  let left = 0;
  let since: number | undefined;
  const look = (): void => {
    left--;
    if (left > 0 && performance.now() - (since ?? 0) < msMax) setImmediate(look);
    else {
      since = undefined;
      call();
    }
  };
  return () => {
    left = turns;
    if (since !== undefined) return;
    since = performance.now();
    setImmediate(look);
  };
}
