import type { CountedEnding, CountedState } from "./ledger.ts";

/** What of the counts are endings. */
export function endingsOf(counted: readonly CountedState[]): readonly CountedEnding[] {
  return counted.flatMap(({ subject, state, count }) =>
    state === "open" ? [] : [{ subject, ending: state, count }],
  );
}
