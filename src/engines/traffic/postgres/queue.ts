import type { Node } from "../../postgres/node.ts";
import { cancelling } from "../cancelling.ts";
import type { Queue } from "../traffic.ts";
import { jobColumns, jobOf } from "./job-row.ts";
import type { PostgresJournal } from "./journal.ts";
import { laneSettings } from "./lane-settings.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { openJobsOf } from "./open-jobs.ts";
import type { Schedule } from "./schedule.ts";

// Two indexes, each of a part of the table, rather than a look at all jobs.
const jobsOfLane = `(select ${jobColumns} from job where lane = $1 and claim is null order by due_at, id limit $2)
union all (select ${jobColumns} from job where lane = $1 and claim is not null limit $2) limit $2`;

export type QueueParts = {
  readonly node: Node;
  readonly schedule: Schedule;
  readonly journal: PostgresJournal;
  readonly leaseClock: LeaseClock;
};

export function postgresQueue({ node, schedule, journal, leaseClock }: QueueParts): Queue {
  const openJobs = openJobsOf(node.database, leaseClock);
  return {
    claim: (names, limit, leaseMs) => schedule.claim(names, limit, leaseMs),
    renew: (job, claim, leaseMs) => schedule.renew(job, claim, leaseMs),
    release: (job, claim) => schedule.release(job, claim),
    onWork: (listener) => schedule.onWork(listener),
    ...laneSettings(node.database, schedule),
    ...openJobs,
    ...cancelling({
      jobsOf: async (lane, limit) => (await node.database.query(jobsOfLane, [lane, limit])).map(jobOf),
      open: openJobs.open,
      remove: journal.remove,
    }),
  };
}
