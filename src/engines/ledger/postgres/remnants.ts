import type { Clock } from "../../../kernel/clock.ts";
import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { partitionDays, partitionName } from "../../postgres/partitions.ts";
import { numberOf } from "../../stored/row.ts";
import { isLocked } from "./days.ts";

const dayMs = 86_400_000;
/** What is written into a day for as long as this after its end may still come from commits under way. */
const lateMs = 3_600_000;
/** A day that is still written into is written anew only while that takes commits less than about a second. */
const busyBytesMax = 32 * 1024 * 1024;
/** Larger days would be shut for minutes: there the remains go with the day. */
const bytesMax = 4 * 1024 * 1024 * 1024;
/** Of one call. */
const daysMax = 10;
/** Whoever reads or changes that day waits behind our wait for the lock. */
const lockMs = 200;

/**
 * Writes days anew in which content was redacted. Neither an update nor a vacuum overwrites what was there, and what was
 * sealed before left its raw bytes behind as well: only new files are sure to be without it. Meanwhile the day can be
 * neither read nor changed, others can. A day whose locks are not to be had stays noted for the next time.
 */
export async function clearRemnants(node: Node, clock: Clock): Promise<void> {
  const noted = await node.database.query(`select day from remnant order by day limit ${daysMax}`);
  if (noted.length === 0) return;
  const days = new Set(await partitionDays(node.database));
  for (const day of noted.map((row) => numberOf(row, "day"))) {
    if (!days.has(day)) await node.database.query("delete from remnant where day = $1", [day]);
    else if (await isFit(node.database, clock, day)) await clear(node, day);
  }
}

async function isFit(database: Query, clock: Clock, day: number): Promise<boolean> {
  const [row] = await database.query(
    "select pg_total_relation_size($1::regclass) + pg_total_relation_size($2::regclass) as bytes",
    [partitionName("exchange", day), partitionName("block", day)],
  );
  const isOver = clock.now() >= (day + 1) * dayMs + lateMs;
  return row !== undefined && numberOf(row, "bytes") <= (isOver ? bytesMax : busyBytesMax);
}

async function clear(node: Node, day: number): Promise<void> {
  const tables = [partitionName("exchange", day), partitionName("block", day)];
  try {
    await node.upkeep.transaction(async (within) => {
      await within.query(`set local lock_timeout = ${lockMs}`);
      await within.query(`lock table ${tables.join()} in access exclusive mode`);
      for (const table of tables) await writeAnew(within, table);
      await within.query("delete from remnant where day = $1", [day]);
    });
  } catch (error) {
    if (!isLocked(error)) throw error;
  }
}

/** Truncating gives the table new files; the old ones are emptied and removed by the commit. */
async function writeAnew(within: Query, table: string): Promise<void> {
  await within.query(`create temporary table kept_${table} on commit drop as select * from ${table}`);
  await within.query(`truncate ${table}`);
  await within.query(`insert into ${table} select * from kept_${table} order by id`);
  await within.query(`analyze ${table}`);
}
