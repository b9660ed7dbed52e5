import { members, silentMs } from "../../engines/postgres/membership.ts";
import type { Row } from "../../engines/stored/row.ts";
import { Failure } from "../../kernel/failure.ts";
import { ok, warning, type Check, type Subject } from "../check.ts";

/** Longer than the longest attempt and its lease. */
const lateMs = 300_000;
const open = "select count(*) as open from job";
/** For both databases, which write parameters in different ways. A claim that holds is being worked on, whenever it was due. */
const overdue = (now: number, isFree: string) =>
  `select due_at, name, subject from job
  where due_at < ${now - lateMs} and ${isFree} and lane not in (select name from lane where hold_until > ${now})
  order by due_at limit 1`;

/** `delivers`: whether a server is at work that would deliver them. */
type Seen = { readonly open: number; readonly late: Row | undefined; readonly delivers: boolean };

export const deliveries: Check = {
  name: "deliveries",
  async look(subject) {
    const now = subject.clock.now();
    const seen = inFile(subject, now) ?? (await inDatabase(subject, now));
    if (seen === undefined) return [];
    const jobs = `${seen.open} open`;
    if (!seen.delivers) return [ok(`${jobs}; no server that would deliver them runs here.`)];
    if (seen.late === undefined) return [ok(`${jobs}, none long overdue.`)];
    const { due_at: dueAt, name, subject: of } = seen.late;
    const minutes = Math.floor((now - Number(dueAt)) / 60_000);
    return [
      warning(
        `${jobs}; the oldest (${String(name)} of ${String(of)}) is ${minutes} minutes overdue.`,
        "Deliveries do not keep up: look at /metrics, at slow targets with `sluice get-endpoint`, and at the load of the machine.",
      ),
    ];
  },
};

function inFile({ inside, holder }: Subject, now: number): Seen | undefined {
  return inside("traffic.db", (file) => ({
    open: Number(file.select(open)[0]?.["open"]),
    late: file.select(overdue(now, "true"))[0],
    delivers: holder !== undefined,
  }));
}

async function inDatabase({ database }: Subject, now: number): Promise<Seen | undefined> {
  const reached = await database();
  if (reached === undefined || reached instanceof Failure || !reached.tables.has("job")) return undefined;
  return {
    open: Number((await reached.query(open))[0]?.["open"]),
    late: (await reached.query(overdue(now, `(claim is null or claimed_until < ${now})`)))[0],
    delivers: (await members(reached)).some((member) => member.silentMs <= silentMs),
  };
}
