import type { Counters } from "./counters.ts";
import { keyCharactersMax } from "./counters.ts";

/** The same counters, for keys and amounts that are in range; others are a RangeError and go no further. */
export function checked({ hit, reserve, settle, read, close }: Counters): Counters {
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
      return reserve(key, reservation);
    },
    settle: async (key, id, used) => {
      refuseKey(key, id);
      refuseAmounts(used);
      return settle(key, id, used);
    },
    read,
    close,
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
