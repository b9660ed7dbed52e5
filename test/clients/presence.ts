import type { Seat } from "../../src/config.ts";

/** Why the rows of a client are skipped, or false: where nobody looks at what was skipped, a missing client fails. */
export function skipOf(missing: string | null, { isUnattended }: Pick<Seat, "isUnattended">): string | false {
  return isUnattended ? false : (missing ?? false);
}
