import { memberOf, numberOf } from "../loose-json.ts";

/** The member of an entry that says what it was before the command line made it smaller. HAR leaves names with `_` to others. */
export const cutMember = "_sluice";

export type Cut = {
  /** Its place in the archive. */
  readonly at: number;
  /** How many entries that say the same are before it there. */
  readonly before: number;
  /** Bytes of the body that was sent; absent where all of it is there. */
  readonly sentBytes?: number;
};

/** What an entry says of itself; of one that was never cut nothing. */
export function cutOf(entry: unknown): Partial<Cut> {
  const said = memberOf(entry, cutMember);
  return Object.fromEntries(
    (["at", "before", "sentBytes"] as const).flatMap((name) => {
      const count = numberOf(said, name);
      return count !== undefined && Number.isSafeInteger(count) && count >= 0 ? [[name, count]] : [];
    }),
  );
}
