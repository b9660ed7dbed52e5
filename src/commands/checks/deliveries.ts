import { ok, warning, type Check } from "../check.ts";

/** Longer than the longest attempt and its lease. */
const lateMs = 300_000;
const open = "select count(*) as open from job";
const overdue = `select due_at, name, subject from job
where due_at < ? and lane not in (select name from lane where hold_until > ?) order by due_at limit 1`;

export const deliveries: Check = {
  name: "deliveries",
  look({ inside, holder, clock }) {
    const now = clock.now();
    const seen = inside("traffic.db", (file) => ({
      open: Number(file.select(open)[0]?.["open"]),
      late: file.select(overdue, now - lateMs, now)[0],
    }));
    if (seen === undefined) return [];
    const jobs = `${seen.open} open`;
    if (holder === undefined) return [ok(`${jobs}; the server that would deliver them does not run here.`)];
    if (seen.late === undefined) return [ok(`${jobs}, none long overdue.`)];
    const { due_at: dueAt, name, subject } = seen.late;
    const minutes = Math.floor((now - Number(dueAt)) / 60_000);
    return [
      warning(
        `${jobs}; the oldest (${String(name)} of ${String(subject)}) is ${minutes} minutes overdue.`,
        "Deliveries do not keep up: look at /metrics, at slow targets with `sluice get-endpoint`, and at the load of the machine.",
      ),
    ];
  },
};
