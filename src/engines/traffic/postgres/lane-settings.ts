import { durable, type Database } from "../../postgres/database.ts";
import type { Queue } from "../traffic.ts";
import { claimedPerLaneDefault } from "./claim-statement.ts";
import type { Schedule } from "./schedule.ts";

/** What `hold_until` says for a lane that is held until it is resumed. */
const heldForGood = Number.MAX_SAFE_INTEGER;

const holdLane = `insert into lane (name, hold_until) values ($1, $2)
on conflict (name) do update set hold_until = excluded.hold_until returning ${durable}`;
const resumeLane = `update lane set hold_until = null where name = $1 returning ${durable}`;
const limitLane = `insert into lane (name, claim_limit) values ($1, $2)
on conflict (name) do update set claim_limit = excluded.claim_limit returning ${durable}`;

export function laneSettings(
  database: Database,
  schedule: Schedule,
): Pick<Queue, "hold" | "resume" | "limit"> {
  return {
    async hold(lane, until) {
      const stored = Math.min(Math.ceil(until), heldForGood);
      await database.query(holdLane, [lane, stored]);
      schedule.openAt(lane, stored);
    },
    async resume(lane) {
      await database.query(resumeLane, [lane]);
      schedule.open(lane);
    },
    async limit(lane, claimed) {
      await database.query(limitLane, [lane, claimed === claimedPerLaneDefault ? null : claimed]);
      schedule.open(lane);
    },
  };
}
