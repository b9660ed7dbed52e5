import { z } from "zod";
import { listLimitMax } from "../store.ts";

/** JSON text in a column, parsed. */
export const json = z.string().transform((text): unknown => JSON.parse(text));
export const jsonObject = json.pipe(z.record(z.string(), z.unknown()));
export const jsonTexts = json.pipe(z.record(z.string(), z.string()));

export const actorColumns = {
  actor_kind: z.enum(["user", "key", "system"]),
  actor_id: z.string(),
};

/** SQLite takes a negative limit for none. */
export function bounded(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 0), listLimitMax);
}
