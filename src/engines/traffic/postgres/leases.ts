import { forgettable, type Query } from "../../postgres/database.ts";
import { silentMs } from "../../postgres/membership.ts";
import { textOf } from "../../stored/row.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { Timetable } from "./timetable.ts";

const lapsedAtOnce = 1_000;
const renewJob = `update job set claimed_until = $3 where id = $1 and claim = $2 and claimed_until > $4
returning ${forgettable}`;
const releaseJob = `update job set claim = null, claimed_until = null where id = $1 and claim = $2
returning ${forgettable}`;
/** $2: also those of nodes that have been silent for long; each node says on the list of nodes that it lives. */
const freeLapsed = `with lapsed as (
  select id from job where claim is not null and (claimed_until <= $1 or $2 and exists (
    select from node where node.id = split_part(job.claim, '.', 1) and seen_at < now() - interval '${silentMs} milliseconds'))
  order by id limit ${lapsedAtOnce} for update skip locked
)
update job set claim = null, claimed_until = null from lapsed where job.id = lapsed.id
returning job.lane, ${forgettable}`;
const freeBatch = `update job set claim = null, claimed_until = null where claim is not null and starts_with(claim, $1)`;

type Lease = { readonly claim: string; readonly lane: string };

/** Who has which job is in the table; in memory, which of its own this node holds and when they lapse. */
export class Leases {
  readonly #database: Query;
  readonly #clock: LeaseClock;
  readonly #origin: string;
  readonly #own = new Map<string, Lease>();
  readonly #lapses = new Timetable();
  /** What claims begin with whose jobs never arrived here. */
  readonly #lost = new Set<string>();
  #batches = 0;

  /** `origin`: the node's id, which has no full stop in it. */
  constructor(database: Query, clock: LeaseClock, origin: string) {
    this.#database = database;
    this.#clock = clock;
    this.#origin = origin;
  }

  /** By this node's view of the leases' clock. */
  get nextAt(): number {
    return this.#lapses.nextAt;
  }

  /** What the claims of one statement begin with; each is used once. */
  newBatch(): string {
    return `${this.#origin}.${++this.#batches}.`;
  }

  begin(job: { readonly id: string; readonly claim: string; readonly lane: string }, until: number): void {
    this.#own.set(job.id, { claim: job.claim, lane: job.lane });
    this.#lapses.set(job.id, until);
  }

  /** Notes that jobs may have been claimed with nobody to work on them. */
  lose(batch: string): void {
    this.#lost.add(batch);
  }

  /** Notes that a claim is no longer good; answers the lane of its job when it was one of this node's. */
  end(job: string, claim: string): string | undefined {
    const lease = this.#own.get(job);
    if (lease?.claim !== claim) return undefined;
    this.#own.delete(job);
    this.#lapses.delete(job);
    return lease.lane;
  }

  async renew(job: string, claim: string, leaseMs: number): Promise<boolean> {
    const now = this.#clock.now();
    const renewed = await this.#database.query(renewJob, [job, claim, now + leaseMs, now], "renew");
    if (renewed.length > 0 && this.#own.get(job)?.claim === claim) this.#lapses.set(job, now + leaseMs);
    return renewed.length > 0;
  }

  async release(job: string, claim: string): Promise<string | undefined> {
    await this.#database.query(releaseJob, [job, claim], "release");
    return this.end(job, claim);
  }

  /** Gives free, of all nodes, what has lapsed; answers the lanes it was in. */
  async lapse(silentToo: boolean): Promise<ReadonlySet<string>> {
    const now = this.#clock.now();
    for (let job = this.#lapses.due(now); job !== undefined; job = this.#lapses.due(now))
      this.#own.delete(job);
    for (const batch of this.#lost) {
      await this.#database.query(freeBatch, [batch]);
      this.#lost.delete(batch);
    }
    const lanes = new Set<string>();
    for (let rows = lapsedAtOnce; rows === lapsedAtOnce;) {
      const freed = await this.#database.query(freeLapsed, [now, silentToo], "lapse");
      for (const row of freed) lanes.add(textOf(row, "lane"));
      rows = freed.length;
    }
    return lanes;
  }

  /** Gives back every claim of this node. */
  async endAll(): Promise<void> {
    await this.#database.query(freeBatch, [`${this.#origin}.`]);
  }
}
