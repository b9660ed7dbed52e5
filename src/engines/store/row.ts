import { z } from "zod";
import type { Row } from "../stored/row.ts";
import { listLimitMax } from "./store.ts";

/**
 * Runs one statement that reads, with `?` for each value, and answers its rows. Both databases read configuration with
 * the same statements; how they write differs.
 */
export type Ask = (sql: string, ...values: readonly (string | number)[]) => Promise<readonly Row[]>;

/** JSON text in a column, parsed. */
export const json = z.string().transform((text): unknown => JSON.parse(text));
export const jsonObject = json.pipe(z.record(z.string(), z.unknown()));
export const jsonTexts = json.pipe(z.record(z.string(), z.string()));

export const actorColumns = {
  actor_kind: z.enum(["user", "key", "system"]),
  actor_id: z.string(),
};

/** SQLite takes a negative limit for none, and PostgreSQL refuses it. */
export function bounded(limit: number): number {
  return Math.min(Math.max(Math.trunc(limit), 0), listLimitMax);
}
