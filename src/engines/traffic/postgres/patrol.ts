import type { Clock } from "../../../kernel/clock.ts";
import type { Query } from "../../postgres/database.ts";
import { numberOf, numberOrNull, textOf } from "../../stored/row.ts";
import type { AwakeLanes } from "./awake-lanes.ts";
import { claimedPerLaneDefault } from "./claim-statement.ts";

const lanesPerPage = 500;

// One step of the index for each lane, however many jobs it has.
const walk = `with recursive step as (
  (select job.lane, job.due_at from job where job.claim is null and job.lane > $1
    order by job.lane, job.due_at, job.id limit 1)
  union all
  select next.lane, next.due_at from step cross join lateral (
    select job.lane, job.due_at from job where job.claim is null and job.lane > step.lane
    order by job.lane, job.due_at, job.id limit 1) as next
), page as materialized (select lane, due_at from step limit ${lanesPerPage})
select page.lane, page.due_at, lane.hold_until, case when page.due_at <= $2 and coalesce(lane.hold_until, 0) <= $2
  then (select count(*) from job where job.lane = page.lane and job.claim is not null)
    < coalesce(lane.claim_limit, ${claimedPerLaneDefault}) else false end as claimable
from page left join lane on lane.name = page.lane order by page.lane`;

/** Walks the lanes that have jobs waiting, a page at a time, and rouses those that may have one to claim. */
export class Patrol {
  readonly #database: Query;
  readonly #clock: Clock;
  readonly #lanes: AwakeLanes;
  #after = "";
  #laps = 0;

  constructor(database: Query, clock: Clock, lanes: AwakeLanes) {
    this.#database = database;
    this.#clock = clock;
    this.#lanes = lanes;
  }

  /** How often it came to the end of all lanes. */
  get laps(): number {
    return this.#laps;
  }

  /** Begins anew, with the first lane. */
  restart(): void {
    this.#after = "";
  }

  async step(): Promise<void> {
    const now = Math.trunc(this.#clock.now());
    const rows = await this.#database.query(walk, [this.#after, now], "walk");
    for (const row of rows) {
      const lane = textOf(row, "lane");
      const at = Math.max(numberOf(row, "due_at"), numberOrNull(row, "hold_until") ?? 0);
      if (numberOf(row, "claimable") === 1) this.#lanes.rouse(lane);
      else if (at > now) this.#lanes.rouseAt(lane, at);
    }
    const more = rows.length === lanesPerPage;
    this.#after = more ? textOf(rows.at(-1) ?? {}, "lane") : "";
    if (!more) this.#laps++;
  }
}
