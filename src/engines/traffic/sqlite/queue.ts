import type { Clock } from "../../../kernel/clock.ts";
import { numberOf, numberOrNull, numbersBy } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { cancelling } from "../cancelling.ts";
import { jobColumns, jobOf } from "./job-row.ts";
import type { SqliteJournal } from "./journal.ts";
import { claimedPerLaneDefault } from "./lane.ts";
import { heldForGood } from "./restore.ts";
import type { Schedule } from "./schedule.ts";
import type { OpenQuery, Queue } from "../traffic.ts";
import type { NewJob } from "../../../kernel/job.ts";

const openMax = 10_000;

const parkedJobs = `select ${jobColumns} from job where lane = ? and parked is not null limit ?`;
const matching = `from job where workspace = ?1 and received_at >= ?2 and received_at < ?3
and name in (select value from json_each(?4)) and (?5 is null or subject in (select value from json_each(?5)))`;
const openJobsQuery = `select ${jobColumns} ${matching} and (received_at, id) > (?6, ?7) order by received_at, id limit ?8`;
const counts = `select subject, count(*) as open ${matching} group by subject`;
const depth = "select count(*) as open, count(distinct lane) as lanes, min(due_at) as oldest from job";
const holdLane = `insert into lane (name, hold_until) values (?1, ?2) on conflict (name) do update set hold_until = ?2`;
const limitLane = `insert into lane (name, claim_limit) values (?1, ?2)
on conflict (name) do update set claim_limit = ?2`;
const dropLane = "delete from lane where name = ? and hold_until is null and claim_limit is null";

export function sqliteQueue(
  file: TrafficFile,
  schedule: Schedule,
  journal: SqliteJournal,
  clock: Clock,
): Queue {
  const { lanes } = schedule;
  const openJobs = openJobsOf(file);

  const jobsOf = async (lane: string, limit: number): Promise<NewJob[]> => {
    const jobs = lanes.jobsOf(lane, limit);
    if (jobs.length >= limit) return jobs;
    const known = new Set(jobs.map((job) => job.id));
    const parked = (await file.read(parkedJobs, [lane, limit])).map(jobOf);
    return [...jobs, ...parked.filter((job) => !known.has(job.id))].slice(0, limit);
  };

  return {
    claim: schedule.claim,
    async renew(job, claim, leaseMs) {
      const renewed = lanes.renew(job, claim, leaseMs, clock.now());
      schedule.changed();
      return renewed;
    },
    async release(job, claim) {
      lanes.release(job, claim, clock.now());
      schedule.changed();
    },
    ...laneSettings(file, schedule, clock),
    ...openJobs,
    ...cancelling({ jobsOf, open: openJobs.open, remove: journal.remove }),
    onWork: schedule.onWork,
    async depth() {
      const row = (await file.read(depth, []))[0] ?? {};
      return {
        open: numberOf(row, "open"),
        leased: lanes.leased,
        lanes: numberOf(row, "lanes"),
        oldestDueAt: numberOrNull(row, "oldest"),
      };
    },
  };
}

function laneSettings(
  file: TrafficFile,
  schedule: Schedule,
  clock: Clock,
): Pick<Queue, "hold" | "resume" | "limit"> {
  const { lanes } = schedule;
  return {
    async hold(lane, until) {
      await file.write([{ sql: holdLane, params: [lane, Math.min(Math.ceil(until), heldForGood)] }]);
      lanes.hold(lane, until);
      schedule.changed();
    },
    async resume(lane) {
      await file.write([
        { sql: "update lane set hold_until = null where name = ?", params: [lane] },
        { sql: dropLane, params: [lane] },
      ]);
      lanes.resume(lane, clock.now());
      schedule.changed();
    },
    async limit(lane, claimed) {
      const stored = claimed === claimedPerLaneDefault ? null : claimed;
      await file.write([
        { sql: limitLane, params: [lane, stored] },
        { sql: dropLane, params: [lane] },
      ]);
      lanes.limit(lane, claimed);
      schedule.changed();
    },
  };
}

function openJobsOf(file: TrafficFile): Pick<Queue, "open" | "countOpen"> {
  return {
    async open(query) {
      const after = query.after ?? { receivedAt: Number.MIN_SAFE_INTEGER, id: "" };
      const limit = Math.min(query.limit, openMax);
      return (await file.read(openJobsQuery, [...paramsOf(query), after.receivedAt, after.id, limit])).map(
        jobOf,
      );
    },
    async countOpen(query) {
      const rows = await file.read(counts, paramsOf(query));
      return numbersBy(rows, "subject", "open");
    },
  };
}

function paramsOf(query: Omit<OpenQuery, "limit" | "after">): (string | number | null)[] {
  const { workspace, names, subjects, receivedFrom, receivedTo } = query;
  return [
    workspace,
    receivedFrom ?? Number.MIN_SAFE_INTEGER,
    receivedTo ?? Number.MAX_SAFE_INTEGER,
    JSON.stringify(names),
    subjects === undefined ? null : JSON.stringify(subjects),
  ];
}
