import type { Clock } from "../../../kernel/clock.ts";
import type { NewExchange } from "../../../kernel/exchange.ts";
import type { NewJob } from "../../../kernel/job.ts";
import type { Committed } from "../../sqlite/committer.ts";
import type { FileEntry, JobRow } from "../../sqlite/entry-pack.ts";
import { numbersBy } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { isUnsettled } from "../../sqlite/worker-link.ts";
import { cancellation } from "../cancelling.ts";
import { keepWorking, type RecentCache } from "../recent.ts";
import type { Lanes } from "./lanes.ts";
import type { Schedule } from "./schedule.ts";
import { signal } from "../signal.ts";
import type { Entry, Journal, Verdict } from "../traffic.ts";

const talliesMax = 10_000;
const tallies = `select key, amount from tally where key >= ?1 and substr(key, 1, length(?1)) = ?1
and key < ?1 || char(1114111) order by key limit ${talliesMax}`;

export type SqliteJournal = Journal & {
  /** Writes, for a job that is being removed, its row's end and this exchange; false when the row was gone. */
  remove(job: string, ending: NewExchange): Promise<boolean>;
};

export function sqliteJournal(
  file: TrafficFile,
  schedule: Schedule,
  recent: RecentCache,
  clock: Clock,
): SqliteJournal {
  const { lanes } = schedule;
  const commits = signal();
  /** Jobs of commits that were never answered. */
  let unsettled = new Set<string>();

  const settle = async () => {
    if (unsettled.size === 0) return;
    const ids = unsettled;
    unsettled = new Set();
    // When reading fails too, the next commit that succeeds tries again.
    await schedule.reconcile(ids).catch(() => {
      for (const id of ids) unsettled.add(id);
    });
  };
  file.onLost(() => void settle());

  const taken = (entry: FileEntry, committed: Committed): Verdict => {
    const now = clock.now();
    takeJobs(lanes, entry, committed, now);
    const ended = takeFinish(lanes, entry, committed, now);
    // Kept on when nothing works for it any more, it would grow old in memory and cost garbage collection.
    if (ended !== undefined) recent.drop(ended.exchange);
    keepExchanges(recent, entry, committed);
    if (entry.exchanges.length > 0) commits.raise();
    if (unsettled.size > 0) void settle();
    schedule.changed();
    return verdictOf(committed);
  };

  const refused = (entry: FileEntry, error: unknown): never => {
    for (const { job, parked } of entry.jobs) if (!parked) lanes.withdraw(job.lane);
    if (entry.finish !== undefined) lanes.unfinish(entry.finish.job);
    if (isUnsettled(error)) {
      for (const { job } of entry.jobs) unsettled.add(job.id);
      if (entry.finish !== undefined) unsettled.add(entry.finish.job);
    }
    schedule.changed();
    throw error;
  };

  // Bare promises: an async function costs another two for each of the two commits of an event.
  const write = (entry: FileEntry): Promise<Verdict> =>
    file.commit(entry).then(
      (committed) => taken(entry, committed),
      (error: unknown) => refused(entry, error),
    );

  return {
    commit: (entry) => write(fileEntry(schedule, entry, clock.now())),
    async remove(job, ending) {
      return (await write(cancellation(job, ending))).kind === "committed";
    },
    async tallies(prefix) {
      const rows = await file.read(tallies, [prefix]);
      return numbersBy(rows, "key", "amount");
    },
    onCommit: (listener) => commits.listen(listener),
  };
}

function verdictOf(committed: Committed): Verdict {
  return committed.kind === "duplicate" ? { kind: "duplicate", of: committed.of } : { kind: committed.kind };
}

/** The entry as the file takes it: claims checked, room for jobs reserved or not. */
function fileEntry({ lanes }: Schedule, entry: Entry, now: number): FileEntry {
  const jobs = entry.jobs.map((job): JobRow => ({ job: stored(job), parked: !lanes.admit(job.lane) }));
  const { exchanges, unless, finish, tally, summaries } = entry;
  return {
    exchanges,
    jobs,
    ...(unless && { unless }),
    ...(tally && { tally }),
    ...(summaries && { summaries }),
    ...(finish && {
      finish: { job: finish.job, then: thenOf(finish, lanes.finish(finish.job, finish.claim, now)) },
    }),
  };
}

/** The job with whole milliseconds, as the file keeps them. */
function stored(job: NewJob): NewJob {
  return Number.isInteger(job.dueAt) ? job : { ...job, dueAt: Math.trunc(job.dueAt) };
}

function thenOf(
  { then }: NonNullable<Entry["finish"]>,
  valid: boolean,
): NonNullable<FileEntry["finish"]>["then"] {
  if (!valid) return { kind: "stale" };
  return then.kind === "retry" ? { ...then, dueAt: Math.trunc(then.dueAt) } : then;
}

function takeJobs(lanes: Lanes, entry: FileEntry, { unadded }: Committed, now: number): void {
  for (const [index, { job, parked }] of entry.jobs.entries()) {
    if (unadded?.has(index) === true) {
      if (!parked) lanes.withdraw(job.lane);
    } else if (parked) lanes.park(job.lane, job, now);
    else lanes.add(job, now);
  }
}

/** Answers the job that is no longer open, if one was ended. */
function takeFinish(
  lanes: Lanes,
  { finish }: FileEntry,
  { kind }: Committed,
  now: number,
): NewJob | undefined {
  if (finish === undefined || finish.then.kind === "stale") return undefined;
  const { job, then } = finish;
  if (kind === "duplicate") lanes.unfinish(job);
  else if (kind === "committed" && then.kind === "retry") lanes.retry(job, then, now);
  else {
    // Done, cancelled, or found to be gone.
    const ended = lanes.job(job);
    lanes.end(job, now);
    return ended;
  }
  return undefined;
}

function keepExchanges(recent: RecentCache, entry: FileEntry, { kind, numbers, from }: Committed): void {
  if (kind === "duplicate" || (kind === "stale" && entry.finish?.then.kind === "cancel")) return;
  if (entry.jobs.length === 0) return;
  const kept = { exchanges: entry.exchanges, jobs: entry.jobs.map(({ job }) => job) };
  keepWorking(recent, kept, kind === "stale", (index) => {
    const number = numbers[from + index] ?? 0;
    return number === 0 ? null : number;
  });
}
