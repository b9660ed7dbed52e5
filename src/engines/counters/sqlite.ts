import type { Clock } from "../../kernel/clock.ts";
import { openDatabaseFile } from "../sqlite/database-file.ts";
import { budgetMigrations, sqliteBudgets } from "./sqlite/budgets.ts";
import type { Counters } from "./counters.ts";
import { keyCharactersMax } from "./counters.ts";
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
  return {
    hit: async (key, limit, windowMs) => {
      refuseKey(key);
      refuseAmounts(limit, windowMs);
      if (windowMs === 0) throw new RangeError("A window lasts at least 1 ms.");
      return hit(key, limit, windowMs);
    },
    reserve: async (key, reservation) => {
      refuseKey(key, reservation.id);
      refuseAmounts(reservation.amount, reservation.limit);
      return budgets.reserve(key, reservation);
    },
    settle: async (key, id, used) => {
      refuseKey(key, id);
      refuseAmounts(used);
      return budgets.settle(key, id, used);
    },
    read: budgets.read,
    close: async () => file.close(),
  };
}

function refuseKey(...keys: readonly string[]): void {
  for (const key of keys) {
    if (key.length > keyCharactersMax) {
      throw new RangeError(`A key or id of a counter has more than ${keyCharactersMax} characters.`);
    }
  }
}

function refuseAmounts(...amounts: readonly number[]): void {
  for (const amount of amounts) {
    if (!Number.isSafeInteger(amount) || amount < 0) {
      throw new RangeError(`${amount} is no amount of a counter: amounts are whole numbers from 0.`);
    }
  }
}
