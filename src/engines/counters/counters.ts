/** No key is longer. */
export const keyCharactersMax = 200;

/**
 * How long after its `expiresAt` a reservation can still be settled, and a settled one is known as settled: longer
 * than any call it is made for.
 */
export const settleGraceMs = 24 * 60 * 60 * 1000;

/** A budget that nobody reserved from, or settled, for so long is forgotten: keys of past months do not pile up. */
export const budgetKeptMs = 400 * 24 * 60 * 60 * 1000;

/**
 * Limits (`hit`) and budgets (`reserve`, `settle`). Keys are chosen by the caller, at most 200 characters;
 * amounts are whole numbers in the caller's unit, such as tokens or micro-dollars. Anything else is a RangeError.
 */
export type Counters = {
  /**
   * Counts one use in the window that `now` falls in; windows start at multiples of `windowMs`. `allowed` is false
   * once the limit is passed, `resetAt` is when the window ends. Windows are forgotten when over, and those in memory at
   * the latest when 100,000 newer ones were begun. On a shared database all processes count together; while it cannot be
   * used, each counts by itself.
   */
  hit(
    key: string,
    limit: number,
    windowMs: number,
  ): Promise<{ readonly allowed: boolean; readonly count: number; readonly resetAt: number }>;
  /**
   * Takes `amount` out of what is left of `limit` under `key`, or refuses as a whole. A reservation not settled by
   * `expiresAt` is given back. Repeating an id takes nothing more and is granted again. Durable: budgets survive a
   * restart.
   *
   * @throws Failure unavailable when the budget cannot be read or written
   */
  reserve(
    key: string,
    reservation: {
      readonly id: string;
      readonly amount: number;
      readonly limit: number;
      readonly expiresAt: number;
    },
  ): Promise<{ readonly granted: boolean; readonly left: number }>;
  /**
   * Replaces a reservation by what was really used, which may be more or less; 0 gives it back. Once per id: an id
   * that was settled, or was never granted, changes nothing. A settlement after `expiresAt` still counts.
   *
   * @throws Failure unavailable when the budget cannot be written
   */
  settle(key: string, id: string, used: number): Promise<void>;
  /** What is used and reserved under the key. */
  read(key: string): Promise<{ readonly used: number; readonly reserved: number }>;
  close(): Promise<void>;
};
