import type { Clock } from "../../kernel/clock.ts";
import { openDatabaseFile } from "../sqlite/database-file.ts";
import { budgetMigrations, sqliteBudgets } from "./sqlite/budgets.ts";
import { checked } from "./checked.ts";
import type { Counters } from "./counters.ts";
import { memoryWindows } from "./windows.ts";

const windowsMax = 100_000;

/**
 * Counters of one process: budgets in a SQLite file of their own, limits in memory. Budgets survive the end of the
 * process however it ends; a power cut may forget the last writes, which costs less than a disk sync for each model
 * call on the calling thread.
 *
 * @throws Failure conflict when a newer version wrote the file; Failure unavailable when it cannot be opened
 */
export function sqliteCounters(path: string, clock: Clock): Counters {
  const file = openDatabaseFile(path, budgetMigrations, "normal");
  const hit = memoryWindows(clock, windowsMax);
  const budgets = sqliteBudgets(file, clock);
  return checked({ hit, ...budgets, close: async () => file.close() });
}
