import { describe, test } from "node:test";
import { finishPromises, journalPromises, keyPromises } from "./journal-promises.ts";
import { lanePromises, openPromises } from "./lane-promises.ts";
import type { Opened, Use } from "./promised.ts";
import { leasePromises, queuePromises } from "./queue-promises.ts";
import { recentPromises } from "./recent-promises.ts";

/** Every promise of `Traffic`, for the engine that `open` opens empty. */
export function trafficConformance(name: string, open: () => Promise<Opened>): void {
  const promise = (title: string, use: Use) =>
    test(title, async (context) => {
      const opened = await open();
      try {
        await use(opened, context);
      } finally {
        await opened.dispose();
      }
    });
  describe(`${name}: journal`, () => journalPromises(promise));
  describe(`${name}: numbers, keys, tallies`, () => keyPromises(promise));
  describe(`${name}: finishing jobs`, () => finishPromises(promise));
  describe(`${name}: queue`, () => queuePromises(promise));
  describe(`${name}: leases`, () => leasePromises(promise));
  describe(`${name}: holds, limits, wake-ups`, () => lanePromises(promise));
  describe(`${name}: cancelling and open jobs`, () => openPromises(promise));
  describe(`${name}: recent`, () => recentPromises(promise));
}
