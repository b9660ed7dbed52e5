import type { NewExchange } from "../../kernel/exchange.ts";
import type { NewJob } from "../../kernel/job.ts";
import type { Queue } from "./traffic.ts";

/** The entry that removes a job, whoever has it, and records this exchange; nothing when the job is gone. */
export type Cancellation = {
  readonly exchanges: readonly [NewExchange];
  readonly jobs: readonly [];
  readonly finish: { readonly job: string; readonly then: { readonly kind: "cancel" } };
};

export function cancellation(job: string, ending: NewExchange): Cancellation {
  return { exchanges: [ending], jobs: [], finish: { job, then: { kind: "cancel" } } };
}

const cancelMax = 500;

export type Cancellable = {
  jobsOf(lane: string, limit: number): Promise<readonly NewJob[]>;
  readonly open: Queue["open"];
  /** Whether it was still there. */
  remove(job: string, ending: NewExchange): Promise<boolean>;
};

export function cancelling({ jobsOf, open, remove }: Cancellable): Pick<Queue, "cancel" | "cancelOpen"> {
  type EndingOf = (job: NewJob) => NewExchange;
  const cancelAll = async (find: () => Promise<readonly NewJob[]>, ending: EndingOf): Promise<number> => {
    // A job that ended meanwhile is skipped; only when none is found there are no more to cancel.
    for (;;) {
      const jobs = await find();
      const removed = await Promise.all(jobs.map((job) => remove(job.id, ending(job))));
      const count = removed.filter(Boolean).length;
      if (count > 0 || jobs.length === 0) return count;
    }
  };
  return {
    cancel: (lane, limit, ending) => cancelAll(() => jobsOf(lane, Math.min(limit, cancelMax)), ending),
    cancelOpen: (query, ending) =>
      cancelAll(() => open({ ...query, limit: Math.min(query.limit, cancelMax) }), ending),
  };
}
