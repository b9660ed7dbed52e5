import type { NewExchange } from "../../kernel/exchange.ts";
import type { NewJob } from "../../kernel/job.ts";

/** The entry that removes a job, whoever has it, and records this exchange; nothing when the job is gone. */
export type Cancellation = {
  readonly exchanges: readonly [NewExchange];
  readonly jobs: readonly [];
  readonly finish: { readonly job: string; readonly then: { readonly kind: "cancel" } };
};

export function cancellation(job: string, ending: NewExchange): Cancellation {
  return { exchanges: [ending], jobs: [], finish: { job, then: { kind: "cancel" } } };
}

/** Removes the jobs that `find` finds, again until it finds none or some of them were still there; returns how many. */
export async function cancelJobs(
  find: () => Promise<readonly NewJob[]>,
  remove: (job: NewJob) => Promise<boolean>,
): Promise<number> {
  // A job that ended meanwhile is skipped; only a lane without any has no more to cancel.
  for (;;) {
    const jobs = await find();
    const removed = await Promise.all(jobs.map(remove));
    const count = removed.filter(Boolean).length;
    if (count > 0 || jobs.length === 0) return count;
  }
}
