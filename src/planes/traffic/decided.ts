import type { Arriving, Taken } from "./arriving.ts";
import { CapturedSummary, SentRecord, type CapturedRecord } from "./captured.ts";
import { problemOf } from "./checked.ts";
import type { Ready } from "./rules-in-force.ts";
import { sampled } from "./sampled.ts";
import { seenIn } from "./seen.ts";
import { madeAt, recordIdOf } from "./stored-record.ts";
import { untimely, type Times } from "./untimely.ts";

const dayMs = 24 * 3_600_000;

type Refused = Taken["refused"][number];

export type Decided = {
  /** All that are in their form. */
  readonly records: readonly CapturedRecord[];
  /** Those of them that no rule leaves out. */
  readonly recorded: readonly CapturedRecord[];
  readonly counts: readonly CapturedSummary[];
  readonly refused: readonly Refused[];
};

/** What becomes of captured traffic on its way in; nothing is written here. */
export function decided(
  arriving: Pick<Arriving, "records" | "summaries" | "receivedAt" | "counted">,
  rules: Pick<Ready, "samplings" | "excludes" | "keepsDays">,
): Decided {
  const { receivedAt, counted } = arriving;
  const refused: Refused[] = [];
  const times = { receivedAt, keepsDays: rules.keepsDays };
  const records = arriving.records.flatMap((it, index) => recordOf(it, index, times, refused));
  const counts = arriving.summaries.flatMap((it, index) => countOf(it, index, refused));
  const kept = records.flatMap((it) => (counted ? [it] : sampled(it, rules)));
  return { records, recorded: kept.filter((it) => !rules.excludes(seenIn(it))), counts, refused };
}

function recordOf(it: unknown, index: number, times: Times, refused: Refused[]): readonly CapturedRecord[] {
  const parsed = SentRecord.safeParse(it);
  if (!parsed.success) {
    refused.push(refusalOf("records", index, parsed.error.issues[0]));
    return [];
  }
  // Of what it says, not of all that was sent: that may be nested deeper than JSON can be written.
  const { startedAt, id = recordIdOf(startedAt, JSON.stringify(parsed.data)) } = parsed.data;
  const apart = Math.abs(madeAt(id) - startedAt) > dayMs;
  const message = apart ? "its moment is over a day from startedAt" : untimely(startedAt, times);
  if (message === undefined) return [{ ...parsed.data, id }];
  refused.push({ index, pointer: `/records/${index}/${apart ? "id" : "startedAt"}`, message });
  return [];
}

function countOf(it: unknown, index: number, refused: Refused[]): readonly CapturedSummary[] {
  const parsed = CapturedSummary.safeParse(it);
  if (parsed.success) return [parsed.data];
  refused.push(refusalOf("summaries", index, parsed.error.issues[0]));
  return [];
}

function refusalOf(
  list: "records" | "summaries",
  index: number,
  issue: Parameters<typeof problemOf>[0] | undefined,
): Refused {
  const { pointer, message } = issue === undefined ? { pointer: "", message: "malformed" } : problemOf(issue);
  return { index, pointer: `/${list}/${index}${pointer}`, message };
}
