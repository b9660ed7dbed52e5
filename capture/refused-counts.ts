import type { SummaryTable } from "./summary-table.ts";
import type { CapturedSummary } from "./wire.ts";

export type RefusedBatch = {
  readonly status: number;
  readonly recordCount: number;
  readonly summaries: readonly CapturedSummary[];
};

/** Refusals that say nothing of what was sent. */
const aboutAuthority: ReadonlySet<number> = new Set([401, 403, 404]);

/**
 * Adds what a batch counted to what is counted next, after the server refused it for good: the same records would be refused
 * again, and their counts are as good as ever, unless counts alone are what it cannot take.
 * @returns how many summaries or requests are lost
 */
export function keepCounts(table: SummaryTable, { status, recordCount, summaries }: RefusedBatch): number {
  const areGood = recordCount > 0 || aboutAuthority.has(status);
  return areGood ? table.restore(summaries) : summaries.length;
}
