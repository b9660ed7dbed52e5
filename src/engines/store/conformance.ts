import { test } from "node:test";
import { commitPromises } from "./conformance/commit-promises.ts";
import { entryPromises } from "./conformance/entry-promises.ts";
import { feedPromises } from "./conformance/feed-promises.ts";
import { recordPromises } from "./conformance/record-promises.ts";
import { startMs } from "./conformance/trial.ts";
import type { StorePlace, Trial } from "./conformance/trial.ts";

/** Registers the tests of what every store promises. */
export function storeConformance(name: string, newPlace: () => Promise<StorePlace>): void {
  const promises = { ...recordPromises, ...commitPromises, ...entryPromises, ...feedPromises };
  for (const [title, tried] of Object.entries(promises)) {
    test(`${name}: ${title}`, () => onNewPlace(newPlace, tried));
  }
}

async function onNewPlace(
  newPlace: () => Promise<StorePlace>,
  tried: (trial: Trial) => Promise<void>,
): Promise<void> {
  const place = await newPlace();
  const time = { ms: startMs };
  const clock = { now: () => time.ms };
  let store = await place.open(clock);
  const reopen = async () => {
    await store.close();
    store = await place.open(clock);
    return store;
  };
  try {
    await tried({ store, time, reopen });
  } finally {
    await store.close();
    await place.remove();
  }
}
