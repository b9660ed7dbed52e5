import type { Clock } from "../../../kernel/clock.ts";
import { Failure } from "../../../kernel/failure.ts";
import type { Node } from "../../postgres/node.ts";
import { alarm, type Alarm } from "../alarm.ts";
import { signal } from "../signal.ts";
import type { Job, Queue } from "../traffic.ts";
import { AwakeLanes } from "./awake-lanes.ts";
import { claimJobs, type Claiming } from "./claiming.ts";
import type { JournalEntry, Written } from "./group-write.ts";
import type { LeaseClock } from "./lease-clock.ts";
import { Leases } from "./leases.ts";
import { Patrol } from "./patrol.ts";
import { type Rounds, startRounds } from "./rounds.ts";

/** Patrols go round once a second, and without a pause until they have been everywhere once. */
const patrolEveryMs = 1_000;
const patrolSoonMs = 50;
const pagesAtStart = 4;
/** A node that has seen the others' signs of life for this long may take silent ones for gone. */
const trustMs = 20_000;
/** Lanes that nobody here has looked at by then are left to other nodes. */
const helpAfterMs = 50;
const lanesToldMax = 1_000;

/** Who works on what, as one node sees it: it is woken in time, and by itself looks for what nobody told it. */
export type Schedule = Pick<Queue, "claim" | "renew" | "release" | "onWork"> & {
  /** What an entry that was written means for the lanes. */
  follow(entry: JournalEntry, written: Written): void;
  /** A lane was released of a hold, or its limit was raised: here, and on the other nodes. */
  open(lane: string): void;
  /** A lane's hold ends by itself. */
  openAt(lane: string, at: number): void;
  /** Gives back all claims of this node. */
  stop(): Promise<void>;
};

export function openSchedule(node: Node, clock: Clock, leaseClock: LeaseClock): Schedule {
  return new LiveSchedule(node, clock, leaseClock);
}

class LiveSchedule implements Schedule {
  readonly #node: Node;
  readonly #clock: Clock;
  readonly #leaseClock: LeaseClock;
  readonly #lanes = new AwakeLanes();
  readonly #leases: Leases;
  readonly #claiming: Claiming;
  readonly #patrol: Patrol;
  readonly #work = signal();
  readonly #bell: Alarm;
  readonly #patrols: Rounds;
  /** Lanes with work of this node's commits that others were not told of. */
  readonly #untold = new Set<string>();
  readonly onWork: Queue["onWork"] = this.#work.listen;
  #lapsing: Promise<void> | undefined;
  #stopped = false;
  #helping: NodeJS.Timeout | undefined;

  constructor(node: Node, clock: Clock, leaseClock: LeaseClock) {
    this.#node = node;
    this.#clock = clock;
    this.#leaseClock = leaseClock;
    this.#leases = new Leases(node.writing, leaseClock, node.id);
    this.#claiming = {
      database: node.writing,
      clock,
      leaseClock,
      lanes: this.#lanes,
      leases: this.#leases,
      known: new Set(),
    };
    this.#patrol = new Patrol(node.database, clock, this.#lanes);
    this.#bell = alarm(clock, () => void this.#ring());
    node.listener.on("sluice_jobs", (told) => this.#hear(told));
    const pauseMs = () => (this.#patrol.laps === 0 && !this.#lanes.unheard ? patrolSoonMs : patrolEveryMs);
    this.#patrols = startRounds((wellMs) => this.#goRound(wellMs), pauseMs, node.log);
  }

  async claim(names: readonly string[], limit: number, leaseMs: number): Promise<readonly Job[]> {
    if (this.#stopped) return [];
    if (this.#leases.nextAt <= this.#leaseClock.now()) await this.#lapse();
    const { audience, made } = this.#lanes.audience(names);
    if (made) await this.#lookAround();
    this.#lanes.advance(this.#clock.now());
    const jobs = await claimJobs(this.#claiming, audience, { names, limit, leaseMs });
    if (jobs.length < limit && audience.awake.size > 0) this.#work.raise();
    this.#setBell();
    return jobs;
  }

  async renew(job: string, claim: string, leaseMs: number): Promise<boolean> {
    const renewed = await this.#leases.renew(job, claim, leaseMs);
    this.#setBell();
    return renewed;
  }

  async release(job: string, claim: string): Promise<void> {
    const lane = await this.#leases.release(job, claim);
    if (lane !== undefined) this.#rouse(lane);
  }

  follow({ jobs, finish }: JournalEntry, { kind }: Written): void {
    // A claim that turned out to be stale has lapsed, and is still to be given free.
    if (kind !== "committed") return;
    if (finish !== undefined) this.#ended(finish);
    for (const { lane, dueAt } of jobs) this.#added(lane, dueAt);
    this.#changed();
  }

  open(lane: string): void {
    this.#rouse(lane);
    this.#tell([lane]);
  }

  openAt(lane: string, at: number): void {
    this.#lanes.rouseAt(lane, at);
    this.#setBell();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.stop();
    clearTimeout(this.#helping);
    await this.#patrols.stop();
    await this.#lapsing?.catch(this.#leave);
    // Claims that cannot be given back lapse.
    await this.#leases.endAll().catch(this.#leave);
  }

  #ended({ job, then, ...rest }: NonNullable<JournalEntry["finish"]>): void {
    const lane = "claim" in rest ? this.#leases.end(job, rest.claim) : undefined;
    if (lane === undefined) return;
    this.#lanes.loosen(lane);
    if (then.kind === "retry") this.#added(lane, then.dueAt);
  }

  #added(lane: string, dueAt: number): void {
    if (dueAt > this.#clock.now()) {
      this.#lanes.rouseAt(lane, Math.trunc(dueAt));
      return;
    }
    this.#lanes.rouse(lane);
    this.#work.raise();
    if (this.#untold.size < lanesToldMax) this.#untold.add(lane);
    // Where nobody works, others are told at once; else when those who work here turn out to have enough to do.
    if (this.#lanes.unheard) this.#help();
    else this.#helping ??= setTimeout(() => this.#help(), helpAfterMs).unref();
  }

  #help(): void {
    this.#helping = undefined;
    const { unheard } = this.#lanes;
    this.#tell([...this.#untold].filter((lane) => unheard || this.#lanes.waits(lane)));
    this.#untold.clear();
  }

  #tell(lanes: readonly string[]): void {
    for (const lane of lanes) this.#node.announce("sluice_jobs", `${this.#node.id} ${lane}`);
  }

  #hear(told: string | undefined): void {
    const [origin, ...lane] = (told ?? "").split(" ");
    if (lane.length === 0) this.#patrol.restart();
    else if (origin !== this.#node.id) this.#rouse(lane.join(" "));
  }

  #rouse(lane: string): void {
    this.#lanes.rouse(lane);
    this.#work.raise();
    this.#changed();
  }

  #changed(): void {
    if (this.#lanes.awake) this.#work.raise();
    this.#setBell();
  }

  #setBell(): void {
    const ahead = this.#leaseClock.now() - this.#clock.now();
    this.#bell.set(Math.min(this.#lanes.nextAt, this.#leases.nextAt - ahead));
  }

  async #ring(): Promise<void> {
    this.#lanes.advance(this.#clock.now());
    if (this.#leases.nextAt <= this.#leaseClock.now()) await this.#lapse().catch(this.#leave);
    this.#changed();
  }

  /** Gives free what has lapsed; calls at the same time share one look. */
  #lapse(silentToo = false): Promise<void> {
    this.#lapsing ??= (async () => {
      try {
        for (const lane of await this.#leases.lapse(silentToo)) this.#lanes.rouse(lane);
      } finally {
        this.#lapsing = undefined;
      }
    })();
    return this.#lapsing;
  }

  async #lookAround(): Promise<void> {
    this.#patrol.restart();
    const { laps } = this.#patrol;
    for (let page = 1; page <= pagesAtStart && this.#patrol.laps === laps; page++) await this.#patrol.step();
  }

  async #goRound(wellMs: number): Promise<void> {
    await this.#lapse(wellMs > trustMs);
    if (!this.#lanes.unheard) await this.#patrol.step();
    this.#changed();
  }

  /** Trouble is left to the next patrol. */
  readonly #leave = (error: unknown): void => {
    if (!(error instanceof Failure)) this.#node.log(`looking for lapsed jobs failed: ${String(error)}`);
  };
}
