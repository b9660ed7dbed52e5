import type { Query } from "../engines/postgres/database.ts";
import { partitionName } from "../engines/postgres/partitions.ts";
import { numberOf, numberOrNull, textOf } from "../engines/stored/row.ts";
import type { Clock } from "../kernel/clock.ts";
import { workspace } from "../registry/workspace.ts";

const dayMs = 86_400_000;
const daysCompared = 7;
const sql = `select relname as name, pg_total_relation_size(pg_class.oid) as bytes
  from pg_inherits join pg_class on pg_class.oid = inhrelid
  where inhparent in ('exchange'::regclass, 'block'::regclass)`;
const longest = `select max((value::json -> 'plan' ->> 'retentionDays')::bigint) as days
  from record where kind = '${workspace.kind}' and deleted_at is null`;

/** What the days of exchanges take up in PostgreSQL, indexes included. */
export type StoredDays = {
  /** 0 = there is nothing of it. */
  readonly yesterdayBytes: number;
  /** The mean of a week before yesterday, days without any left out; 0 = there are none. */
  readonly earlierBytes: number;
  /** What those days take that some workspace keeps, once they are full of days like the last seven. */
  readonly planned: Planned | undefined;
};

export type Planned = {
  /** As many as the plan that keeps the most says. */
  readonly days: number;
  readonly bytes: number;
  /** Of `bytes`, what is not taken up yet. */
  readonly missingBytes: number;
};

/** Of tables `exchange`, `block` and `record`, which are there. `planned` is undefined before there was a whole day. */
export async function storedDays(within: Query, clock: Clock): Promise<StoredDays> {
  const bytesOf = new Map((await within.query(sql)).map((it) => [textOf(it, "name"), numberOf(it, "bytes")]));
  const today = Math.floor(clock.now() / dayMs);
  const ofDay = (day: number): number =>
    (bytesOf.get(partitionName("exchange", day)) ?? 0) + (bytesOf.get(partitionName("block", day)) ?? 0);
  const back = Array.from({ length: daysCompared + 1 }, (_, i) => ofDay(today - 1 - i));
  const [row = {}] = await within.query(longest);
  const days = numberOrNull(row, "days");
  const perDay = mean(back.slice(0, daysCompared));
  const bytes = perDay * (days ?? 0);
  const taken = bytesOf.values().reduce((sum, it) => sum + it, 0);
  return {
    yesterdayBytes: back[0] ?? 0,
    earlierBytes: mean(back.slice(1)),
    planned:
      days === null || perDay === 0 ? undefined : { days, bytes, missingBytes: Math.max(0, bytes - taken) },
  };
}

function mean(bytes: readonly number[]): number {
  const some = bytes.filter((it) => it > 0);
  return Math.round(some.reduce((sum, it) => sum + it, 0) / Math.max(some.length, 1));
}
