import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../kernel/failure.ts";
import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { partitionBounds, partitionDays, partitionName } from "../../postgres/partitions.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { codeOf } from "../../postgres/trouble.ts";
import { keepRolled, unroll } from "./unrolling.ts";

const dayMs = 86_400_000;
/** Whoever reads or commits waits behind our wait for the lock, which is why it is short and tried again. */
const lockMs = 100;
const triesMax = 5;
const pauseMs = 200;

type Keys = { readonly workspace: string; readonly before: number; readonly limit: number };

/** Drops days in which there is nothing but due exchanges of the workspace, oldest first, until `limit` are gone. */
export async function dropDays(node: Node, keys: Keys): Promise<number> {
  const days = await partitionDays(node.database);
  let dropped = 0;
  for (const day of days) {
    if (dropped >= keys.limit || (day + 1) * dayMs > keys.before) break;
    if (await isDue(node.database, day, keys)) dropped += await dropDay(node, day, keys);
  }
  return dropped;
}

/** A day whose lock is not to be had stays until the next time. */
async function dropDay(node: Node, day: number, keys: Keys): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await node.database.transaction((within) => dropOnceDue(within, day, keys));
    } catch (error) {
      if (!isLocked(error)) throw error;
      if (tries === triesMax) return 0;
      await sleep(pauseMs * tries);
    }
  }
}

/**
 * Counting happens while only changes of that day, and rolls, must wait; the lock on all days, which dropping takes, is held for
 * less than a millisecond: files are removed after it is given back.
 */
async function dropOnceDue(within: Query, day: number, keys: Keys): Promise<number> {
  const [exchange, block] = [partitionName("exchange", day), partitionName("block", day)];
  await keepRolled(within);
  await within.query(`set local lock_timeout = ${lockMs}`);
  await within.query(`lock table ${exchange}, ${block} in share row exclusive mode`);
  if (!(await isDue(within, day, keys))) return 0;
  const dropped = await unroll(within, text(exchange));
  await within.query("delete from remnant where day = $1", [day]);
  await within.query(`drop table ${exchange}, ${block}`);
  return dropped;
}

/**
 * Whether everything of the day started before `before` and is of the workspace, and no job is open for an event of
 * that day or an earlier one, whose attempts may be among it.
 */
async function isDue(within: Query, day: number, { workspace, before }: Keys): Promise<boolean> {
  const exchange = text(partitionName("exchange", day));
  const [row] = await ask(
    within,
    sql`select 1 where not exists (select 1 from ${exchange} where workspace > ${workspace})
      and not exists (select 1 from ${exchange} where workspace < ${workspace})
      and not exists (
        select 1 from ${exchange} where workspace = ${workspace} and started_at >= ${Math.ceil(before)})
      and not exists (select 1 from job where exchange < ${partitionBounds(day).to} and workspace = ${workspace})`,
  );
  return row !== undefined;
}

/** Whoever has kept the lock for seconds, such as who drops a day, is let finish: the rest waits for the next call. */
export function noneIfLocked(error: unknown): number {
  if (isLocked(error)) return 0;
  throw error;
}

/** Whether a lock was not to be had in time, or was the other one's in a deadlock. */
export function isLocked(error: unknown): boolean {
  return error instanceof Failure && ["55P03", "40P01"].includes(codeOf(error.cause));
}
