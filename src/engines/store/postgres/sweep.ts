import type { Clock } from "../../../kernel/clock.ts";
import type { Database } from "../../postgres/database.ts";
import { numberOf } from "../../stored/row.ts";
import { kept, removalOf } from "../kept.ts";
import { askOf } from "./ask.ts";

/** Removes up to `limit` of what is over and answers how many. */
export function sweeper(database: Database, clock: Clock): (limit: number) => Promise<number> {
  const ask = askOf(database);
  return async (limit) => {
    const now = clock.now();
    let removed = 0;
    for (const it of kept) {
      const sql = `with gone as (${removalOf(it)} returning 1) select count(*) as gone from gone`;
      const [row] = await ask(sql, now - it.ms, Math.max(limit - removed, 0));
      removed += row === undefined ? 0 : numberOf(row, "gone");
    }
    return removed;
  };
}
