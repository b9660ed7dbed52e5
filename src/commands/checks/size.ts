import { partitionName } from "../../engines/postgres/partitions.ts";
import { numberOf, textOf } from "../../engines/stored/row.ts";
import { sizeText } from "../contents.ts";
import { ok, warning } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

const dayMs = 86_400_000;
const daysCompared = 7;
/** Smaller days differ by chance. */
const leapBytesMin = 64 * 1024 ** 2;
const leap = 3;
const sql = `select relname as name, pg_total_relation_size(pg_class.oid) as bytes
  from pg_inherits join pg_class on pg_class.oid = inhrelid
  where inhparent in ('exchange'::regclass, 'block'::regclass)`;

export const size = databaseCheck("size", ["exchange", "block"], async ({ query }, { clock }) => {
  const [row = {}] = await query("select pg_database_size(current_database()) as bytes");
  const bytesOf = new Map((await query(sql)).map((it) => [textOf(it, "name"), numberOf(it, "bytes")]));
  const today = Math.floor(clock.now() / dayMs);
  const ofDay = (day: number): number =>
    (bytesOf.get(partitionName("exchange", day)) ?? 0) + (bytesOf.get(partitionName("block", day)) ?? 0);
  const whole = sizeText(numberOf(row, "bytes"));
  const yesterday = ofDay(today - 1);
  if (yesterday === 0) return [ok(`${whole}; how it grows is seen once there is a whole day.`)];
  const before = Array.from({ length: daysCompared }, (_, i) => ofDay(today - 2 - i)).filter(
    (bytes) => bytes > 0,
  );
  const mean = before.reduce((sum, bytes) => sum + bytes, 0) / Math.max(before.length, 1);
  const saw = `${whole}, ${sizeText(yesterday)} of it from yesterday`;
  if (before.length === 0 || yesterday < Math.max(leap * mean, leapBytesMin)) return [ok(`${saw}.`)];
  return [
    warning(
      `${saw}; the days before took ${sizeText(Math.round(mean))} each.`,
      "Look whether a sender has run wild with `sluice get-dashboard-summary`, and at the room on PostgreSQL's disk, which cannot be seen from here.",
    ),
  ];
});
