/** Shared limits (`hit`) and budgets (`reserve`, `settle`). Keys are chosen by the caller, at most 200 characters. */
export type Counters = {
  /**
   * Counts one use in the window that `now` falls in; windows start at multiples of `windowMs`. `allowed` is false
   * once the limit is passed, `resetAt` is when the window ends. Windows are forgotten when over.
   */
  hit(
    key: string,
    limit: number,
    windowMs: number,
  ): Promise<{ readonly allowed: boolean; readonly count: number; readonly resetAt: number }>;
  /**
   * Takes `amount` out of what is left of `limit` under `key`, or refuses as a whole. A reservation not settled by
   * `expiresAt` is given back. Durable: budgets survive a restart.
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
  /** Replaces a reservation by what was really used, which may be more or less; 0 gives it back. Once per id. */
  settle(key: string, id: string, used: number): Promise<void>;
  /** What is used and reserved under the key. */
  read(key: string): Promise<{ readonly used: number; readonly reserved: number }>;
  close(): Promise<void>;
};
