import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { numberOf, textOf } from "../sqlite/exchange-row.ts";
import type { TrafficFile } from "../sqlite/traffic-file.ts";
import { jobColumns, jobOf } from "./job-row.ts";
import { Lanes, pageJobs } from "./lanes.ts";
import { signal } from "./signal.ts";
import type { Job } from "./traffic.ts";

/** The lanes in memory, kept fed from the file and woken in time. */
export type Schedule = {
  readonly lanes: Lanes;
  claim(names: readonly string[], limit: number, leaseMs: number): Promise<readonly Job[]>;
  /** To be called after any change of the lanes: tells listeners, reads pages, sets the timer. */
  changed(): void;
  onWork(listener: () => void): () => void;
  /** Brings these jobs in memory in line with the file, whatever became of commits that were never answered. */
  reconcile(ids: ReadonlySet<string>): Promise<void>;
  stop(): void;
};

const restorePage = 5_000;
const pagesAtOnceMax = 8;
const claimRoundsMax = 3;
const timerMsMax = 60 * 60 * 1_000;
const idsPerQueryMax = 500;

const resident = `select ${jobColumns} from job where parked is null and id > ? order by id limit ${restorePage}`;
const parkedLanes = `select lane, min(due_at) as due_at from job where parked is not null group by lane`;
const parkedPage = `select ${jobColumns} from job
where lane = ? and parked is not null and (due_at, id) >= (?, ?) order by due_at, id limit ${pageJobs}`;
const byIds = `select ${jobColumns}, parked from job where id in (select value from json_each(?))`;

/** Fills the lanes from the file; all leases are void. */
export async function openSchedule(
  file: TrafficFile,
  clock: Clock,
  newClaim: () => string,
): Promise<Schedule> {
  const lanes = new Lanes(newClaim);
  await restore(file, lanes, clock.now());
  const work = signal();
  const reading = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let timerAt = Infinity;
  let stopped = false;

  const feed = () => {
    for (const { lane, from } of lanes.takeHungry(pagesAtOnceMax - reading.size, clock.now())) {
      const page = readPage(file, lane, from).then((jobs) => {
        reading.delete(page);
        lanes.page(lane, jobs, jobs?.length === pageJobs, clock.now());
        changed();
      });
      reading.add(page);
    }
  };

  const changed = () => {
    if (stopped) return;
    feed();
    if (lanes.awake) work.raise();
    const at = lanes.nextAt ?? Infinity;
    if (at === timerAt) return;
    clearTimeout(timer);
    timerAt = at;
    if (at === Infinity) return;
    timer = setTimeout(onTime, Math.min(Math.max(at - clock.now(), 0), timerMsMax));
    timer.unref();
  };

  const onTime = () => {
    timerAt = Infinity;
    lanes.advance(clock.now());
    changed();
  };

  return {
    lanes,
    changed,
    onWork: (listener) => work.listen(listener),
    async claim(names, limit, leaseMs) {
      for (let round = 1; ; round++) {
        const jobs = lanes.claim(names, limit, leaseMs, clock.now());
        changed();
        if (jobs.length > 0 || reading.size === 0 || round > claimRoundsMax) return jobs;
        await Promise.all(reading);
      }
    },
    async reconcile(ids) {
      const all = [...ids];
      for (let from = 0; from < all.length; from += idsPerQueryMax) {
        await reconcile(file, lanes, all.slice(from, from + idsPerQueryMax), clock.now());
      }
      changed();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

async function restore(file: TrafficFile, lanes: Lanes, now: number): Promise<void> {
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

/** What `hold_until` says for a lane that is held until it is resumed. */
export const heldForGood = Number.MAX_SAFE_INTEGER;

function holdOf(stored: number): number {
  return stored >= heldForGood ? Infinity : stored;
}

async function readPage(
  file: TrafficFile,
  lane: string,
  from: { readonly dueAt: number; readonly id: string },
): Promise<ReturnType<typeof jobOf>[] | undefined> {
  try {
    const dueAt = Math.max(from.dueAt, Number.MIN_SAFE_INTEGER);
    return (await file.read(parkedPage, [lane, dueAt, from.id])).map(jobOf);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function reconcile(
  file: TrafficFile,
  lanes: Lanes,
  ids: readonly string[],
  now: number,
): Promise<void> {
  const rows = new Map(
    (await file.read(byIds, [JSON.stringify(ids)])).map((row) => [textOf(row, "id"), row]),
  );
  for (const id of ids) {
    const row = rows.get(id);
    const known = lanes.job(id);
    if (row === undefined) {
      lanes.end(id, now);
      continue;
    }
    const job = jobOf(row);
    if (known !== undefined) {
      if (known.attempt !== job.attempt || known.dueAt !== job.dueAt) lanes.retry(id, job, now);
    } else if (row["parked"] === null) lanes.restore(job, now);
    else lanes.park(job.lane, job, now);
  }
}
