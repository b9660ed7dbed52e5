import { packSummaries } from "../../stored/summary-pack.ts";
import type { Entry } from "../traffic.ts";

export type GroupSummaries = {
  /** Where the series of each are in `data`. */
  readonly rows: readonly object[];
  readonly data: Uint8Array;
};

/** The summaries of entries that are committed together, as the statement takes them. */
export function groupSummaries(entries: readonly Pick<Entry, "summaries">[]): GroupSummaries {
  const parts: Uint8Array[] = [];
  let end = 0;
  const rows = entries.flatMap(({ summaries = [] }, entry) =>
    packSummaries(summaries).map(({ series, ...place }) => {
      parts.push(series);
      end += series.length;
      return { entry, ...place, at: end - series.length, bytes: series.length };
    }),
  );
  return { rows, data: Buffer.concat(parts) };
}
