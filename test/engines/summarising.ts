import type { LedgerUnderTest } from "../../src/engines/ledger/samples.ts";
import type { Journal } from "../../src/engines/traffic/traffic.ts";

/** Commits summaries as entries of the journal without anything else. */
export function summarising(journal: Journal): LedgerUnderTest["summarise"] {
  return async (summaries, key) => {
    const unless = key === undefined ? {} : { unless: { key, expiresAt: Number.MAX_SAFE_INTEGER } };
    await journal.commit({ exchanges: [], jobs: [], summaries, ...unless });
  };
}
