import type { Summary } from "../../kernel/summary.ts";
import { Histogram } from "./histogram.ts";
import { encodeSeries, minuteMs } from "./series.ts";

/** The summaries of one entry that have their place in common, as they are appended. */
export type SummaryPack = {
  readonly workspace: string;
  readonly environment: string;
  readonly bucket: string;
  /** Start of the first minute, and of the last. */
  readonly first: number;
  readonly last: number;
  /** Encoded series, minutes from `first` on. */
  readonly series: Uint8Array;
};

/** Of one entry. */
const summariesMax = 10_000;
/** Of each text of a summary. */
const charactersMax = 2_000;
const statusMax = 999;

/**
 * @throws RangeError when a summary has a value that cannot be stored, or there are more than 10,000: a bug of the
 * caller, who checks what agents send
 */
export function refuseOddSummaries(summaries: readonly Summary[]): void {
  if (summaries.length > summariesMax)
    throw new RangeError(`${summaries.length} summaries are more than ${summariesMax}.`);
  for (const summary of summaries) refuseOdd(summary);
}

/** To be called once `refuseOddSummaries` was. */
export function packSummaries(summaries: readonly Summary[]): readonly SummaryPack[] {
  const places = Map.groupBy(summaries, ({ workspace, environment, bucket }) =>
    JSON.stringify([workspace, environment, bucket]),
  );
  return [...places.values()].flatMap((group) => {
    const [one] = group;
    if (one === undefined) return [];
    const { workspace, environment, bucket } = one;
    const minutes = group.map(({ at }) => at);
    const [first, last] = [Math.min(...minutes), Math.max(...minutes)];
    return [{ workspace, environment, bucket, first, last, series: encodeSeries(group, first) }];
  });
}

const lent = new Histogram();

function refuseOdd(summary: Summary): void {
  const { at, status, count, requestBytes, responseBytes, durationMs, durations } = summary;
  if (!Number.isSafeInteger(at) || at < 0 || at % minuteMs !== 0)
    throw new RangeError(`${at} is no start of a minute.`);
  if (status > statusMax) throw new RangeError(`${status} is no status.`);
  for (const text of [summary.method, summary.route, summary.outcome])
    if (text.length > charactersMax)
      throw new RangeError(`A text of a summary has more than ${charactersMax} characters.`);
  for (const amount of [status, count, requestBytes, responseBytes])
    if (!Number.isSafeInteger(amount) || amount < 0) throw new RangeError(`${amount} is no count.`);
  if (!Number.isFinite(durationMs)) throw new RangeError(`${durationMs} is no duration.`);
  lent.clear();
  try {
    lent.addEncoded(durations);
  } catch {
    throw new RangeError("The durations of a summary are no histogram.");
  }
}
