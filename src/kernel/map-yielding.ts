import { setImmediate } from "node:timers/promises";

/** So long nothing else has the event loop, and for however long one call takes. */
const msMax = 4;

/** What `list.map` answers, one after another and awaited, with others given the event loop every few milliseconds. */
export async function mapYielding<T, R>(
  list: readonly T[],
  map: (item: T) => R | Promise<R>,
): Promise<readonly R[]> {
  const mapped: R[] = [];
  let since = performance.now();
  for (const item of list) {
    if (performance.now() - since >= msMax) {
      await setImmediate();
      since = performance.now();
    }
    mapped.push(await map(item));
  }
  return mapped;
}
