import type { Clock } from "../../../kernel/clock.ts";
import type { Node } from "../../postgres/node.ts";
import { partitions } from "../../postgres/partitions.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { type Rounds, startRounds } from "./rounds.ts";

const everyMs = 1_000;
/** Up to 20,000 keys expire a second, of all nodes, before the table grows with keys that are of no use. */
const keysAtOnce = 2_000;
const stepsMax = 10;
const lanesAtOnce = 500;
const lanesEveryRounds = 60;
const dayMs = 86_400_000;

const sweepKeys = `delete from used where key in (
  select key from used where expires_at <= $1 order by expires_at limit ${keysAtOnce} for update skip locked)
returning 1`;
/** A lane that comes to have jobs again gets a new row. */
const dropLanes = `delete from lane where name in (
  select name from lane where hold_until is null and claim_limit is null
    and not exists (select from job where job.lane = lane.name)
  limit ${lanesAtOnce} for update skip locked)`;

/**
 * Keeps what no one will ask for any more from piling up, a little at a time, and makes the place of tomorrow's rows, so
 * that no webhook waits for it at midnight.
 */
export function startUpkeep(node: Node, clock: Clock, leaseClock: LeaseClock): Rounds {
  const days = partitions(node.database);
  let rounds = 0;
  return startRounds(
    async () => {
      await leaseClock.compare();
      const today = Math.floor(clock.now() / dayMs);
      await days.ensureDays([today, today + 1]);
      for (let step = 1, swept = keysAtOnce; step <= stepsMax && swept === keysAtOnce; step++)
        swept = (await node.database.query(sweepKeys, [Math.trunc(clock.now())], "sweep")).length;
      if (++rounds % lanesEveryRounds === 0) await node.database.query(dropLanes);
    },
    () => everyMs,
    node.log,
  );
}
