import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "../engines/traffic/traffic.ts";
import { Failure } from "../kernel/failure.ts";
import type { Engines } from "./engines.ts";
import { persistently } from "./persistently.ts";
import type { JobHandler } from "./plane.ts";

const runningMax = 200;
const pauseAfterTroubleMs = 1_000;

export type Runner = {
  /** Claims no more, lets jobs under way finish up to `graceMs`, then aborts them; their leases lapse and they run again. */
  stop(graceMs: number): Promise<void>;
  running(): number;
};

/** Hands due jobs to their handlers, at most 200 at a time; sleeps until the queue says that there is work. */
export function startRunner(handlers: readonly JobHandler[], engines: Engines): Runner {
  const { queue } = engines.traffic;
  const byName = new Map(handlers.map((it) => [it.name, it]));
  const names = [...byName.keys()];
  const leaseMs = Math.max(...handlers.map((it) => it.leaseMs));
  const abort = new AbortController();
  const under = new Set<Promise<void>>();
  let stopping = false;
  let claiming = false;
  let again = false;
  /** The last claim took as many as it could: there may be more, of which nobody tells. */
  let full = false;

  async function claim(): Promise<void> {
    if (claiming) {
      again = true;
      return;
    }
    claiming = true;
    try {
      do {
        again = false;
        const free = runningMax - under.size;
        if (stopping || free <= 0) break;
        const jobs = await queue.claim(names, free, leaseMs);
        for (const job of jobs) start(job);
        full = jobs.length === free;
        if (full) again = true;
      } while (again);
    } catch (error) {
      if (!(error instanceof Failure)) engines.log(`claiming jobs failed: ${String(error)}`);
      await sleep(pauseAfterTroubleMs);
      again = true;
    } finally {
      claiming = false;
    }
    if (again && !stopping && under.size < runningMax) void claim();
  }

  function start(job: Job): void {
    const work = run(byName.get(job.name), job, engines, abort.signal).then(() => {
      under.delete(work);
      if (full) void claim();
    });
    under.add(work);
  }

  const unsubscribe = queue.onWork(() => void claim());
  void claim();

  return {
    running: () => under.size,
    async stop(graceMs) {
      stopping = true;
      unsubscribe();
      await settledWithin(under, graceMs);
      abort.abort();
      await Promise.allSettled(under);
    },
  };
}

async function run(
  handler: JobHandler | undefined,
  job: Job,
  engines: Engines,
  signal: AbortSignal,
): Promise<void> {
  try {
    await handler?.run(job, signal);
  } catch (error) {
    // The lease lapses and the job is handed out again: nothing is lost, and a broken handler cannot spin.
    const expected = error instanceof Failure || signal.aborted;
    if (!expected) engines.log(`job ${job.name} ${job.id} failed: ${stackOf(error)}`);
    if (error instanceof Failure && error.kind === "unavailable") await giveBack(job, engines, signal);
  }
}

/** What the database broke off goes on once it is back: its lease would keep others in its lane waiting for minutes. */
async function giveBack(job: Job, { traffic }: Engines, signal: AbortSignal): Promise<void> {
  await sleep(pauseAfterTroubleMs);
  // If that is in vain, too, the lease lapses.
  await persistently(signal, () => traffic.queue.release(job.id, job.claim)).catch(() => {});
}

async function settledWithin(work: ReadonlySet<Promise<void>>, ms: number): Promise<void> {
  const grace = new AbortController();
  await Promise.race([
    Promise.allSettled(work),
    sleep(ms, undefined, { signal: grace.signal }).catch(() => {}),
  ]);
  grace.abort();
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
