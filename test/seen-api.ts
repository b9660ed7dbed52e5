import { cataloguing } from "../src/planes/traffic/catalogue/cataloguing.ts";
import { answeredBy, type Asking } from "./asking-api.ts";
import { bringIn, type CapturedAt } from "./captured.ts";
import type { Place } from "./scenario.ts";

/** Brings traffic in and has it looked at, as happens every minute in a server. */
export async function seenApi(place: Place, list: readonly Asking[], at: CapturedAt = {}): Promise<void> {
  await bringIn(place, list.map(answeredBy), at);
  await cataloguing(place.engines).run();
}

/** Requests of as many articles of one shape. */
export function articles(count: number): readonly Asking[] {
  const article = { code: "x", price: 3, labels: ["new"], createdAt: "2026-11-20T12:00:00Z" };
  return Array.from({ length: count }, (_, n) => ({
    target: `/articles/${"abcdefghijklmnopqrstuvwxyz"[n % 26]}-thing`,
    response: article,
  }));
}
