import type { Clock } from "../../../kernel/clock.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { kept, removalOf } from "../kept.ts";

/** Removes up to `limit` of what is over and returns how many. */
export function sweeper(file: DatabaseFile, clock: Clock): (limit: number) => number {
  const removals = kept.map((it) => ({ ms: it.ms, statement: file.sql.prepare(removalOf(it)) }));
  return (limit) =>
    file.write(() => {
      const now = clock.now();
      let removed = 0;
      for (const { ms, statement } of removals)
        removed += Number(statement.run(now - ms, Math.max(limit - removed, 0)).changes);
      return removed;
    });
}
