import type { Database, Param } from "../../postgres/database.ts";
import { numberOf, numberOrNull, numbersBy } from "../../stored/row.ts";
import type { OpenQuery, Queue } from "../traffic.ts";
import { jobColumns, jobOf } from "./job-row.ts";
import type { LeaseClock } from "./lease-clock.ts";

const openMax = 10_000;

const matching = `from job where workspace = $1 and received_at >= $2 and received_at < $3 and name = any($4)
and ($5::text[] is null or subject = any($5))`;
const openJobs = `select ${jobColumns} ${matching} and (received_at, id) > ($6, $7) order by received_at, id limit $8`;
const counts = `select subject, count(*) as open ${matching} group by subject`;
const depth = `select coalesce(sum(open), 0) as open, coalesce(sum(leased), 0) as leased, count(*) as lanes,
  min(oldest) as oldest
from (select count(*) as open, count(*) filter (where claimed_until > $1) as leased, min(due_at) as oldest
  from job group by lane) as lane`;

/** What is open, of all nodes. */
export function openJobsOf(
  database: Database,
  leaseClock: LeaseClock,
): Pick<Queue, "open" | "countOpen" | "depth"> {
  return {
    async open(query) {
      const after = query.after ?? { receivedAt: Number.MIN_SAFE_INTEGER, id: "" };
      const page = [after.receivedAt, after.id, Math.min(query.limit, openMax)];
      return (await database.query(openJobs, [...paramsOf(query), ...page])).map(jobOf);
    },
    async countOpen(query) {
      const rows = await database.query(counts, paramsOf(query));
      return numbersBy(rows, "subject", "open");
    },
    async depth() {
      const [row = {}] = await database.query(depth, [leaseClock.now()]);
      return {
        open: numberOf(row, "open"),
        leased: numberOf(row, "leased"),
        lanes: numberOf(row, "lanes"),
        oldestDueAt: numberOrNull(row, "oldest"),
      };
    },
  };
}

function paramsOf(query: Omit<OpenQuery, "limit" | "after">): Param[] {
  return [
    query.workspace,
    query.receivedFrom ?? Number.MIN_SAFE_INTEGER,
    query.receivedTo ?? Number.MAX_SAFE_INTEGER,
    query.names,
    query.subjects ?? null,
  ];
}
