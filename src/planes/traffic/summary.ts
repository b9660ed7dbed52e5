import { slotOf } from "../../../capture/slots.ts";
import { typedPath } from "../../../capture/typed-path.ts";
import type { Redactor } from "../../../capture/redactor.ts";
import { exactSum } from "../../kernel/exact-sum.ts";
import type { Summary } from "../../kernel/summary.ts";
import { writeNumber } from "../../kernel/varint.ts";
import type { CapturedRecord, CapturedSummary } from "./captured.ts";
import type { Place } from "./live-places.ts";
import { pathOf } from "./seen.ts";

const minuteMs = 60_000;

/** What an agent counted, as it is stored. */
export function summaryOf(counted: CapturedSummary, { workspace, environment, bucket }: Place): Summary {
  return { ...counted, workspace, environment, bucket, durations: encoded(counted.durations) };
}

/** Slots and counts as a `Histogram` encodes them: how far from the slot before, and how many. */
function encoded(slots: CapturedSummary["durations"]): Uint8Array {
  const counts = new Map<number, number>();
  for (const [slot, count] of slots) counts.set(slot, (counts.get(slot) ?? 0) + count);
  const bytes: number[] = [];
  let before = 0;
  for (const [slot, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    writeNumber(bytes, slot - before);
    writeNumber(bytes, count);
    before = slot;
  }
  return Uint8Array.from(bytes);
}

/** Counts the requests of these records, for what came without an agent that counts. */
export function summariesOf(
  records: readonly CapturedRecord[],
  place: Place,
  redactor: Redactor,
): readonly Summary[] {
  const requests = records.filter(({ kind }) => kind === "request");
  const series = Map.groupBy(requests, (it) =>
    JSON.stringify([minuteOf(it), it.method, routeOf(it, redactor), it.status ?? 0, it.outcome]),
  );
  return [...series.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [summaryOf(countedAs(first, group, redactor), place)];
  });
}

function countedAs(
  first: CapturedRecord,
  group: readonly CapturedRecord[],
  redactor: Redactor,
): CapturedSummary {
  const slots = new Map<number, number>();
  const sum = { count: 0, requestBytes: 0, responseBytes: 0, durationMs: 0 };
  for (const { durationMs, request, response, weight } of group) {
    const times = Math.round(weight);
    sum.count += times;
    sum.durationMs += durationMs * times;
    sum.requestBytes = exactSum(sum.requestBytes, request.size * times);
    sum.responseBytes = exactSum(sum.responseBytes, (response?.size ?? 0) * times);
    const slot = slotOf(durationMs);
    slots.set(slot, (slots.get(slot) ?? 0) + times);
  }
  return {
    at: minuteOf(first),
    method: first.method,
    route: routeOf(first, redactor),
    status: first.status ?? 0,
    outcome: first.outcome,
    durations: [...slots].toSorted(([a], [b]) => a - b),
    ...sum,
  };
}

function minuteOf({ startedAt }: CapturedRecord): number {
  return Math.floor(startedAt / minuteMs) * minuteMs;
}

/** The framework's template, else the path with everything that looks like an id left open. */
export function routeOf(
  { route, target }: Pick<CapturedRecord, "route" | "target">,
  redactor: Redactor,
): string {
  return route ?? typedPath(redactor.target(pathOf(target)));
}
