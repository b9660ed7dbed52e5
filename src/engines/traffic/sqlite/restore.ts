import { numberOf, textOf } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { jobColumns, jobOf } from "./job-row.ts";
import type { Lanes } from "./lanes.ts";

const restorePage = 5_000;

const resident = `select ${jobColumns} from job where parked is null and id > ? order by id limit ${restorePage}`;
const parkedLanes = `select lane, min(due_at) as due_at from job where parked is not null group by lane`;
/** What `hold_until` says for a lane that is held until it is resumed. */
export const heldForGood = Number.MAX_SAFE_INTEGER;

/** Fills the lanes from the file as they were before a restart, without leases. */
export async function restore(file: TrafficFile, lanes: Lanes, now: number): Promise<void> {
  for (const row of await file.read("select name, hold_until, claim_limit from lane", [])) {
    if (row["hold_until"] !== null) lanes.hold(textOf(row, "name"), holdOf(numberOf(row, "hold_until")));
    if (row["claim_limit"] !== null) lanes.limit(textOf(row, "name"), numberOf(row, "claim_limit"));
  }
  for (let after = "", more = true; more;) {
    const rows = await file.read(resident, [after]);
    for (const row of rows) lanes.restore(jobOf(row), now);
    after = rows.length === 0 ? "" : textOf(rows.at(-1) ?? {}, "id");
    more = rows.length === restorePage;
  }
  for (const row of await file.read(parkedLanes, [])) {
    lanes.park(textOf(row, "lane"), { dueAt: numberOf(row, "due_at"), id: "" }, now);
  }
}

function holdOf(stored: number): number {
  return stored >= heldForGood ? Infinity : stored;
}
