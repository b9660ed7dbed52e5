import { setImmediate } from "node:timers/promises";
import { exactSum } from "../../kernel/exact-sum.ts";
import { Failure } from "../../kernel/failure.ts";
import { Histogram } from "../stored/histogram.ts";
import { bytesOf, numberOf, textOf, type Row } from "../stored/row.ts";
import { decodeSeries, minuteMs, type Series } from "../stored/series.ts";
import { groupsMax, refuseTooMany } from "./figures.ts";
import { merged } from "./intervals.ts";
import type { Durations, Sum, SumKey, Summed } from "./ledger.ts";

/** Of series read for one answer, which are held in memory until they are added up. */
export const bytesMax = 64 * 1024 * 1024;
/** Bytes that are looked at before others have their turn: one or two milliseconds. */
const bytesPerTurn = 64 * 1024;

/** @throws RangeError when the question is not of whole minutes; Failure too_large when it has too many steps */
export function refuseOdd({ where: { from, to }, stepMs }: Sum): void {
  for (const moment of [from, to, stepMs ?? minuteMs])
    if (!Number.isSafeInteger(moment) || moment % minuteMs !== 0)
      throw new RangeError(`${moment} is no whole minute.`);
  if (stepMs === undefined) return;
  if (stepMs <= 0) throw new RangeError("A step has no length.");
  refuseTooMany("steps", Math.ceil((to - from) / stepMs), groupsMax);
}

/** Whether an answer needs to know more of calls than their status and outcome. */
export function isDetailed({ by, only }: Sum): boolean {
  return only !== undefined || by.includes("route") || by.includes("method");
}

/** @throws Failure too_large when the rows say in `bytes` that all of them together have more than 64 MiB */
export function refuseManyBytes([row]: readonly Row[]): void {
  if (Number(row?.["bytes"] ?? 0) <= bytesMax) return;
  throw new Failure("too_large", `There are more than ${bytesMax} bytes of figures to add up.`, {
    allowed: `${bytesMax} bytes`,
    hint: "Take a shorter time or one bucket, or ask without routes and methods.",
  });
}

type Group = {
  readonly keys: Partial<Summed>;
  readonly at: number;
  count: number;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
  readonly durations: Uint8Array[];
};

/**
 * Adds up what rows hold in `series`, of places `bucket` and `environment` and of minutes from `first` on, giving way to
 * others in between.
 *
 * @throws Failure too_large above 10,000 groups
 */
export async function addedUp(rows: readonly Row[], query: Sum): Promise<readonly Summed[]> {
  const groups = new Map<string, Group>();
  let seen = 0;
  const giveWay = async (bytes: number) => {
    seen += bytes;
    if (seen < bytesPerTurn) return;
    seen = 0;
    await setImmediate();
  };
  for (const row of rows) {
    const bytes = bytesOf(row, "series");
    for (const series of decodeSeries(bytes, numberOf(row, "first"))) addTo(groups, series, row, query);
    refuseTooMany("groups", groups.size, groupsMax);
    await giveWay(bytes.length);
  }
  const summed: Summed[] = [];
  for (const { durations, keys, ...group } of groups.values()) {
    summed.push({ ...keys, ...group, durations: durationsOf(merged(durations)) });
    await giveWay(durations.reduce((bytes, { length }) => bytes + length, 0));
  }
  return summed;
}

function addTo(groups: Map<string, Group>, series: Series, row: Row, { where, stepMs, by, only }: Sum): void {
  if (series.at < where.from || series.at >= where.to || only?.(series) === false) return;
  const at = stepMs === undefined ? 0 : series.at - (series.at % stepMs);
  let key = String(at);
  for (const name of by) key += `\n${keys[name](series, row)}`;
  let group = groups.get(key);
  if (group === undefined) {
    const told = Object.fromEntries(by.map((name) => [name, keys[name](series, row)]));
    group = { keys: told, at, count: 0, requestBytes: 0, responseBytes: 0, durationMs: 0, durations: [] };
    groups.set(key, group);
  }
  group.count = exactSum(group.count, series.count);
  group.requestBytes = exactSum(group.requestBytes, series.requestBytes);
  group.responseBytes = exactSum(group.responseBytes, series.responseBytes);
  group.durationMs += series.durationMs;
  group.durations.push(series.durations);
}

const keys: Readonly<Record<SumKey, (series: Series, row: Row) => string | number>> = {
  route: ({ route }) => route,
  method: ({ method }) => method,
  status: ({ status }) => status,
  class: ({ status }) => Math.floor(status / 100),
  outcome: ({ outcome }) => outcome,
  bucket: (_, row) => textOf(row, "bucket"),
  environment: (_, row) => textOf(row, "environment"),
};

const lent = new Histogram();

function durationsOf(encoded: Uint8Array): Durations {
  return {
    percentile(percent) {
      lent.clear();
      lent.addEncoded(encoded);
      return lent.percentile(percent);
    },
  };
}
