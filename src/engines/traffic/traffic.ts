import type { Exchange, NewExchange } from "../../kernel/exchange.ts";
import type { NewJob } from "../../kernel/job.ts";
import type { Summary } from "../../kernel/summary.ts";

/**
 * The write path of all traffic: one database behind three faces. The journal makes exchanges and the work that
 * follows from them durable in one transaction, the queue hands that work out, `recent` reads fresh rows back.
 */
export type Traffic = {
  readonly journal: Journal;
  readonly queue: Queue;
  readonly recent: Recent;
  /** Finishes the commits under way, then closes the database. Later commits fail as `unavailable`. */
  close(): Promise<void>;
};

export type Journal = {
  /**
   * Makes the entry durable as a whole, in one transaction shared with whatever else is waiting (group commit);
   * resolves after the fsync. Entries of one caller that are not awaited may commit in one group, in call order.
   *
   * @throws Failure unavailable when the database cannot be written, within 5 s; then nothing of the entry is
   * stored, unless the writer was lost between its fsync and its answer. A caller told so may commit the same entry
   * again: exchanges and open jobs are known by their ids, a key by the exchange that took it. The journal recovers
   * by itself once the database does. Failure too_large when a payload is, or the entry exceeds 64 MiB.
   */
  commit(entry: Entry): Promise<Verdict>;
  /** The sums recorded under keys that start with `prefix`, at most 10,000, including every commit resolved so far. */
  tallies(prefix: string): Promise<ReadonlyMap<string, number>>;
  /** Calls back after each group that committed exchanges; returns how to stop. For wake-ups: nothing is passed. */
  onCommit(listener: () => void): () => void;
};

export type Entry = {
  readonly exchanges: readonly NewExchange[];
  readonly jobs: readonly NewJob[];
  /**
   * Commit unless this key was used before and has not expired. On a duplicate only `exchanges[0]` is written, as
   * outcome and ending `duplicate` with `parent` set to the exchange that used the key first; no job is finished.
   */
  readonly unless?: { readonly key: string; readonly expiresAt: number };
  /**
   * What becomes of the job this entry reports on. When the claim is no longer the job's (lease lost, job
   * cancelled) the exchanges are still written, without an ending, and no job, tally or key changes.
   */
  readonly finish?: { readonly job: string; readonly claim: string; readonly then: Then };
  /** Amounts added to named sums; not applied for duplicates and stale claims. */
  readonly tally?: readonly { readonly key: string; readonly amount: number }[];
  /**
   * Figures that `Ledger.sum` adds up; not applied for duplicates and stale claims. Applied once for each time that the
   * key of `unless` is taken, also when the entry is committed again or has no exchange; without a key, each time.
   * At most 10,000.
   */
  readonly summaries?: readonly Summary[];
};

export type Then =
  | { readonly kind: "done" }
  /** Back to the queue. `attempt` and `payload` replace the job's. */
  | { readonly kind: "retry"; readonly dueAt: number; readonly attempt: number; readonly payload: string };

export type Verdict =
  | { readonly kind: "committed" }
  | { readonly kind: "duplicate"; readonly of: string }
  | { readonly kind: "stale" };

export type Job = NewJob & {
  /** The fencing token of this lease. */
  readonly claim: string;
};

export type OpenJob = NewJob;

/** At least once, leased with fencing. Jobs are ended through `journal.commit({ finish })`, never here. */
export type Queue = {
  /**
   * Leases up to `limit` due jobs of these names, oldest due first within a lane, lanes in turn; skips held lanes,
   * lanes at their limit and keys under lease. A lease not ended within `leaseMs` is void: the job is handed out
   * again with a new claim. Closing gives back the leases of this process; those of one that died are void at once when
   * nobody else can have them, else when they lapse or the process has been silent for long.
   */
  claim(names: readonly string[], limit: number, leaseMs: number): Promise<readonly Job[]>;
  /** Extends a lease from now; false when it is no longer this claim's. */
  renew(job: string, claim: string, leaseMs: number): Promise<boolean>;
  /** Gives the job back untouched and due now (a worker that drains). */
  release(job: string, claim: string): Promise<void>;
  /** No job of the lane is handed out before `until` (ms; Infinity = until resumed). Leases under way go on. Durable. */
  hold(lane: string, until: number): Promise<void>;
  /** Ends a hold. */
  resume(lane: string): Promise<void>;
  /** At most `claimed` leases at a time in the lane; default 10. Durable. */
  limit(lane: string, claimed: number): Promise<void>;
  /**
   * Removes up to `limit` open jobs of the lane (also leased ones: their claim turns stale) and writes, in the same
   * transaction, the exchange that `ending` makes for each. Returns how many; call again until 0.
   */
  cancel(lane: string, limit: number, ending: (job: OpenJob) => NewExchange): Promise<number>;
  /** The same with the jobs that `open` finds. */
  cancelOpen(query: OpenQuery, ending: (job: OpenJob) => NewExchange): Promise<number>;
  /** Open jobs, leased ones included, in order of `receivedAt`, then id. */
  open(query: OpenQuery): Promise<readonly OpenJob[]>;
  /** How many are open by subject; subjects without open jobs are absent. */
  countOpen(query: Omit<OpenQuery, "limit" | "after">): Promise<ReadonlyMap<string, number>>;
  /** Calls back when a job may have become claimable (commit, due time, end of a hold or lease). Quiet when idle. */
  onWork(listener: () => void): () => void;
  /** Figures for /metrics. */
  depth(): Promise<{
    readonly open: number;
    readonly leased: number;
    readonly lanes: number;
    readonly oldestDueAt: number | null;
  }>;
};

export type OpenQuery = {
  readonly workspace: string;
  readonly names: readonly string[];
  readonly subjects?: readonly string[];
  readonly receivedFrom?: number;
  /** Exclusive. */
  readonly receivedTo?: number;
  readonly limit: number;
  readonly after?: { readonly receivedAt: number; readonly id: string };
};

/** Reads back what was committed, at once: the bodies that delivery sends come from here, never from the ledger. */
export type Recent = {
  /** The exchange with its content as it is now, or undefined when it is unknown or removed. Bounded cache in front. */
  get(workspace: string, id: string): Promise<Exchange | undefined>;
};
