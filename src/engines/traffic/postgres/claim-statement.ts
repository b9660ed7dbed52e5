import { forgettable } from "../../postgres/database.ts";
import { jobColumns } from "./job-row.ts";

/** Where a job stands in its lane: by due time, then id. */
export type Position = { readonly dueAt: number; readonly id: string };

/** What one look at a lane told. */
export type LaneState = {
  readonly lane: string;
  /** False when another claim of the lane came first, or the lane has no row yet. */
  readonly sure: boolean;
  readonly heldUntil: number;
  /** How many of its jobs could be claimed, up to its limit and the number asked for; and how many were. */
  readonly found: number;
  readonly chosen: number;
  readonly taken: number;
  /** Whether `found` is as many as it might have been. */
  readonly full: boolean;
  /** Whether due jobs are left that were not chosen. */
  readonly left: boolean;
  readonly nextDueAt: number | null;
  /** Where to go on when none of the jobs looked at helped. */
  readonly goOn: Position | null;
};

export const claimedPerLaneDefault = 10;
/** How many due jobs of a lane one look passes over at most. */
const windowJobs = 1_000;

const waiting = "job.lane = visited.lane and job.claim is null";
const due = `${waiting} and job.due_at <= $3 and (job.due_at, job.id) > (visited.after_due, visited.after_id)`;

/**
 * Claims jobs of several lanes, in turn, in one transaction of one statement. A lane's row is locked for it, and the
 * lane passed over when another claim has it. A statement sees the table as it was when it began; whether a claim of the
 * lane was made after that shows in the lane's row, which every claim changes: then nothing is taken from it.
 * So what is counted here are all claims there are, but for those that have ended meanwhile.
 *
 * $1 the lanes [{ lane, turn, after_due, after_id }], $2 their names, $3 now, $4 names of jobs, $5 how many jobs,
 * $6 what claims begin with, $7 until when they last.
 */
export const claimStatement = `with wanted as materialized (
  select * from json_to_recordset($1) as wanted (lane text, turn integer, after_due bigint, after_id text)
), seen as materialized (
  select name, claims from lane where name = any($2)
), locked as materialized (
  select name, claims, coalesce(hold_until, 0) as hold_until, coalesce(claim_limit, ${claimedPerLaneDefault}) as claim_limit
  from lane where name = any($2) order by name for update skip locked
), visited as materialized (
  select wanted.*, locked.hold_until, coalesce(claimed.keys, '{}') as keys,
    coalesce(locked.claims = seen.claims, false) as sure,
    case when locked.claims = seen.claims and locked.hold_until <= $3
      then greatest(least(locked.claim_limit - claimed.count, $5::bigint), 0) else 0 end as room
  from wanted join seen on seen.name = wanted.lane left join locked on locked.name = wanted.lane
  cross join lateral (
    select count(*) as count, array_agg(job.key) filter (where job.key is not null) as keys
    from job where job.lane = wanted.lane and job.claim is not null
  ) as claimed
), candidate as materialized (
  select visited.lane, visited.turn, next.id, next.n from visited cross join lateral (
    select claimable.id, row_number() over (order by claimable.due_at, claimable.id) as n from (
      select looked.id, looked.due_at from (
        select job.id, job.due_at, job.key, job.name from job where ${due}
        order by job.due_at, job.id limit case when visited.room > 0 then ${windowJobs} else 0 end
      ) as looked
      where looked.name = any($4) and (looked.key is null or looked.key <> all(visited.keys) and not exists (
        select from job as earlier where earlier.lane = visited.lane and earlier.key = looked.key
          and (earlier.due_at, earlier.id) < (looked.due_at, looked.id)))
      order by looked.due_at, looked.id limit visited.room
    ) as claimable
  ) as next
), chosen as materialized (
  select lane, id, row_number() over (order by n, turn) as place from candidate order by n, turn limit $5
), free as materialized (
  select job.id, chosen.place from chosen join job on job.id = chosen.id
  where job.claim is null order by job.id for update of job skip locked
), taken as (
  update job set claim = $6 || free.place, claimed_until = $7 from free where job.id = free.id
  returning ${jobColumns}, job.claim, free.place
), counted as (
  update lane set claims = claims + 1 where name in (select lane from chosen)
)
select
  (select coalesce(json_agg(taken order by place), '[]') from taken) as jobs,
  (select coalesce(json_agg(state), '[]') from (
    select visited.lane, sure, coalesce(hold_until, 0) as "heldUntil", found, chosen.count as chosen, taken.count as taken,
      found = room as full,
      exists (select from job where ${waiting} and job.due_at <= $3 and job.id not in (select id from chosen)) as left,
      case when found < room or room = 0
        then (select min(job.due_at) from job where ${waiting} and job.due_at > $3) end as "nextDueAt",
      case when found < room then (
        select json_build_object('dueAt', job.due_at, 'id', job.id) from job where ${due}
        order by job.due_at, job.id offset ${windowJobs - 1} limit 1) end as "goOn"
    from visited
    cross join lateral (select count(*) as found from candidate where candidate.lane = visited.lane) as candidates
    cross join lateral (select count(*) from chosen where chosen.lane = visited.lane) as chosen
    cross join lateral (select count(*) from taken where taken.lane = visited.lane) as taken
  ) as state) as lanes,
  ${forgettable} as forgettable`;
