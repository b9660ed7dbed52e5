import type { Clock } from "../../../kernel/clock.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Database } from "../../postgres/database.ts";
import { numberOf } from "../../stored/row.ts";
import type { Counters } from "../counters.ts";
import { memoryWindows } from "../windows.ts";

/** More than one hit adds, so what is over never piles up. */
const forgottenPerHit = 2;
const windowsMax = 100_000;

const count = `with over as (
    delete from rate_window where (key, reset_at) in
      (select key, reset_at from rate_window where reset_at <= $3
      order by reset_at limit ${forgottenPerHit} for update skip locked))
  insert into rate_window (key, reset_at, hits) values ($1, $2, 1)
  on conflict (key, reset_at) do update set hits = rate_window.hits + 1 returning hits`;

/** Limits of all nodes together. While PostgreSQL cannot be used, each node counts by itself. */
export function sharedWindows(database: Database, clock: Clock): Counters["hit"] {
  const alone = memoryWindows(clock, windowsMax);
  return async (key, limit, windowMs) => {
    const now = clock.now();
    const resetAt = now - (now % windowMs) + windowMs;
    try {
      const [row] = await database.query(count, [key, resetAt, now], "hit");
      const hits = row === undefined ? 0 : numberOf(row, "hits");
      return { allowed: hits <= limit, count: hits, resetAt };
    } catch (error) {
      if (error instanceof Failure && error.kind === "unavailable") return alone(key, limit, windowMs);
      throw error;
    }
  };
}
