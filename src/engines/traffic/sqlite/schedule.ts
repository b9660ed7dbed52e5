import type { Clock } from "../../../kernel/clock.ts";
import { Failure } from "../../../kernel/failure.ts";
import { textOf } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { alarm } from "../alarm.ts";
import { jobColumns, jobOf } from "./job-row.ts";
import { Lanes, pageJobs } from "./lanes.ts";
import { restore } from "./restore.ts";
import { signal } from "../signal.ts";
import type { Job } from "../traffic.ts";

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

const pagesAtOnceMax = 8;
const claimRoundsMax = 3;
const idsPerQueryMax = 500;

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
  const bell = alarm(clock, () => {
    lanes.advance(clock.now());
    changed();
  });

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
    feed();
    if (lanes.awake) work.raise();
    bell.set(lanes.nextAt);
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
    stop: () => bell.stop(),
  };
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
