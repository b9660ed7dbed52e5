import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../../kernel/failure.ts";
import type { Query } from "../../postgres/database.ts";
import type { Node } from "../../postgres/node.ts";
import { partitionBounds, partitionDays, partitionName } from "../../postgres/partitions.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { codeOf } from "../../postgres/trouble.ts";
import type { Due } from "../ledger.ts";
import { keepRolled, unroll } from "./unrolling.ts";

const dayMs = 86_400_000;
/** Whoever reads or commits waits behind our wait for the lock, which is why it is short and tried again. */
const lockMs = 100;
const triesMax = 5;
const pauseMs = 200;

/** Drops days in which there is nothing but due exchanges, oldest first, until `limit` are gone; returns how many are. */
export async function dropDays(node: Node, due: readonly Due[], limit: number): Promise<number> {
  const oldestFirst = due.toSorted((one, other) => one.before - other.before);
  const newest = oldestFirst.at(-1)?.before ?? -Infinity;
  const days = await partitionDays(node.database);
  let dropped = 0;
  for (const day of days) {
    if (dropped >= limit || (day + 1) * dayMs > newest) break;
    if (await isDue(node.database, day, oldestFirst)) dropped += await dropDay(node, day, oldestFirst);
  }
  return dropped;
}

/** A day whose lock is not to be had stays until the next time. */
async function dropDay(node: Node, day: number, due: readonly Due[]): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await node.database.transaction((within) => dropOnceDue(within, day, due));
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
async function dropOnceDue(within: Query, day: number, due: readonly Due[]): Promise<number> {
  const [exchange, block] = [partitionName("exchange", day), partitionName("block", day)];
  await keepRolled(within);
  await within.query(`set local lock_timeout = ${lockMs}`);
  await within.query(`lock table ${exchange}, ${block} in share row exclusive mode`);
  if (!(await isDue(within, day, due))) return 0;
  const dropped = await unroll(within, text(exchange));
  await within.query("delete from remnant where day = $1", [day]);
  await within.query(`drop table ${exchange}, ${block}`);
  return dropped;
}

/**
 * Whether everything of the day is due, and no job is open, in a workspace that has something in it, for an event of that
 * day or an earlier one, whose attempts may be among it. Ends with the first row that is kept, which is found soonest among those that keep the most.
 */
async function isDue(within: Query, day: number, due: readonly Due[]): Promise<boolean> {
  const exchange = text(partitionName("exchange", day));
  const workspaces = due.map(({ workspace }) => workspace);
  const befores = due.map(({ before }) => Math.ceil(before));
  const [row] = await ask(
    within,
    sql`select 1 where not exists (
        select 1 from unnest(${workspaces}::text[], ${befores}::bigint[]) as due (workspace, before)
        cross join lateral (select 1 from ${exchange} as candidate
          where candidate.workspace = due.workspace and candidate.started_at >= due.before limit 1) as kept)
      and not exists (
        with recursive there (workspace) as (
          select min(workspace) from ${exchange}
          union all
          select (select min(workspace) from ${exchange} where workspace > there.workspace) from there
          where there.workspace is not null)
        select 1 from there where workspace <> all(${workspaces}))
      and not exists (
        select 1 from (select distinct workspace from job where exchange < ${partitionBounds(day).to}) as at_work
        cross join lateral (
          select 1 from ${exchange} as candidate where candidate.workspace = at_work.workspace limit 1) as held)`,
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
