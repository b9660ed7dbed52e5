import {
  first,
  isBefore,
  isBlank,
  type Lane,
  type Line,
  lineOf,
  newLane,
  offer,
  offerNext,
  type Position,
  type Slot,
  turnOf,
  uncover,
} from "./lane.ts";
import { Leases } from "./leases.ts";
import { Rings } from "./rings.ts";
import { Room } from "./room.ts";
import type { Job } from "../traffic.ts";
import type { NewJob } from "../../../kernel/job.ts";
import { Wakes } from "./wakes.ts";

export const pageJobs = 250;
/** A lane with fewer parked jobs in memory reads its next page before it needs it. */
const lowWater = 100;
const roomPerEviction = 4 * pageJobs;
const pageRetryMs = 500;

export type Change = Pick<NewJob, "dueAt" | "attempt" | "payload">;

/**
 * Which job is next: lanes in turn, within a lane by due time, one per key at a time. It lives in memory and does no
 * I/O: `takeHungry` tells which lanes have parked jobs to be read. Time is passed in, in ms since the epoch.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #slots = new Map<string, Slot>();
  readonly #rings = new Rings();
  readonly #wakes = new Wakes();
  readonly #leases: Leases;
  readonly #hungry = new Set<Lane>();
  readonly #room = new Room();

  /** `newClaim` makes fencing tokens, each used once. */
  constructor(newClaim: () => string) {
    this.#leases = new Leases(newClaim);
  }

  get leased(): number {
    return this.#leases.count;
  }

  /** Whether some job may be claimable, or is to be read, right now. */
  get awake(): boolean {
    return this.#hungry.size > 0 || !this.#rings.empty;
  }

  /** When time alone may make a job claimable next; Infinity = never. */
  get nextAt(): number {
    return Math.min(this.#leases.nextAt, this.#wakes.nextAt);
  }

  /** Reserves room for a job that is about to be committed; false = it is to be parked. */
  admit(name: string): boolean {
    const lane = this.#lane(name);
    if (!this.#room.admits(lane)) return false;
    this.#room.enter(lane, false);
    return true;
  }

  /** Gives back what `admit` reserved for a job that was not added. */
  withdraw(name: string): void {
    const lane = this.#lane(name);
    this.#room.leave(lane, false);
    this.#tidy(lane);
  }

  /** Takes in a committed job that was admitted before. */
  add(job: NewJob, now: number): void {
    if (this.#slots.has(job.id)) this.withdraw(job.lane);
    else this.#insert(job, false, now);
  }

  /** Takes in a job that was in memory before a restart. */
  restore(job: NewJob, now: number): void {
    this.#room.enter(this.#lane(job.lane), false);
    this.add(job, now);
  }

  /** Notes a committed job that was parked: it is in the table only. */
  park(name: string, position: Position, now: number): void {
    const lane = this.#lane(name);
    uncover(lane, position);
    this.#rings.rouseAll(lane);
    this.#feed(lane, now);
  }

  /** Leases up to `limit` jobs that are due. */
  claim(names: readonly string[], limit: number, leaseMs: number, now: number): Job[] {
    this.advance(now);
    const jobs: Job[] = [];
    const rings = this.#rings.of(names);
    // Each visit either takes a job or puts a line to sleep, so this ends.
    for (let visited = true; visited && jobs.length < limit;) {
      visited = false;
      for (const ring of rings) {
        const line = jobs.length < limit ? ring.shift() : undefined;
        if (line === undefined) continue;
        visited = true;
        line.awake = false;
        const slot = this.#next(line, now);
        if (slot === undefined) continue;
        jobs.push(this.#lease(slot, now + leaseMs, now));
        this.#rings.rouse(line);
      }
    }
    return jobs;
  }

  renew(id: string, claim: string, leaseMs: number, now: number): boolean {
    const slot = this.#held(id, claim, now);
    if (slot !== undefined) this.#leases.extend(slot, claim, now + leaseMs);
    return slot !== undefined;
  }

  release(id: string, claim: string, now: number): void {
    const slot = this.#held(id, claim, now);
    if (slot !== undefined && !slot.finishing) this.#requeue(slot, now);
  }

  /** Begins a commit that ends the lease, which does not expire meanwhile; false when it is no longer this claim's. */
  finish(id: string, claim: string, now: number): boolean {
    const slot = this.#held(id, claim, now);
    if (slot === undefined || slot.finishing) return false;
    slot.finishing = true;
    return true;
  }

  /** That commit failed: the lease goes on. */
  unfinish(id: string): void {
    const slot = this.#slots.get(id);
    if (slot?.lease === undefined || !slot.finishing) return;
    slot.finishing = false;
    this.#leases.extend(slot, slot.lease.claim, slot.lease.expiresAt);
  }

  /** The job is no longer open. */
  end(id: string, now: number): void {
    const slot = this.#slots.get(id);
    if (slot === undefined) return;
    const { lane } = slot.line;
    lane.page?.outdated.add(id);
    this.#leases.end(slot);
    this.#forget(slot, now);
    this.#rings.rouseAll(lane);
    this.#tidy(lane);
  }

  /** The job goes back to its lane, changed; its lease is over. */
  retry(id: string, change: Change, now: number): void {
    const slot = this.#slots.get(id);
    if (slot?.state !== "leased") return;
    slot.line.lane.page?.outdated.add(id);
    slot.job = { ...slot.job, ...change };
    this.#requeue(slot, now);
  }

  /** The job with this id as it is in memory. */
  job(id: string): NewJob | undefined {
    return this.#slots.get(id)?.job;
  }

  /** Up to `limit` jobs of the lane that are in memory, leased ones included. */
  jobsOf(name: string, limit: number): NewJob[] {
    const jobs = this.#slots.values().map(({ job }) => job);
    return jobs
      .filter((job) => job.lane === name)
      .take(limit)
      .toArray();
  }

  hold(name: string, until: number): void {
    const lane = this.#lane(name);
    lane.holdUntil = until;
    // The hold before this one may have put them to sleep for longer.
    for (const whom of [lane, ...lane.lines.values()]) this.#wakes.set(whom, until);
  }

  resume(name: string, now: number): void {
    const lane = this.#lane(name);
    lane.holdUntil = 0;
    this.#feed(lane, now);
    this.#rings.rouseAll(lane);
    this.#tidy(lane);
  }

  limit(name: string, claimed: number): void {
    const lane = this.#lane(name);
    lane.limit = claimed;
    this.#rings.rouseAll(lane);
    this.#tidy(lane);
  }

  /** Takes note of everything that time alone brings about. */
  advance(now: number): void {
    for (let slot = this.#leases.expired(now); slot !== undefined; slot = this.#leases.expired(now)) {
      this.#requeue(slot, now);
    }
    for (let whom = this.#wakes.due(now); whom !== undefined; whom = this.#wakes.due(now)) {
      if ("lane" in whom) this.#rings.rouse(whom);
      else {
        this.#rings.rouseAll(whom);
        this.#feed(whom, now);
      }
    }
  }

  /** Up to `limit` lanes whose parked jobs are to be read from a position on; each is to be answered by `page`. */
  takeHungry(limit: number, now: number): { readonly lane: string; readonly from: Position }[] {
    const taken: { lane: string; from: Position }[] = [];
    for (const lane of this.#hungry) {
      if (taken.length >= limit) break;
      this.#hungry.delete(lane);
      if (lane.cut === undefined || lane.page !== undefined) continue;
      this.#makeRoom(lane, now);
      lane.page = { outdated: new Set(), parkedAt: undefined };
      taken.push({ lane: lane.name, from: lane.cut });
    }
    return taken;
  }

  /** The parked jobs that were read, or undefined when reading failed; `more` says that others follow the last one. */
  page(name: string, jobs: readonly NewJob[] | undefined, more: boolean, now: number): void {
    const lane = this.#lane(name);
    const { page } = lane;
    lane.page = undefined;
    if (jobs === undefined) {
      this.#wakes.set(lane, now + pageRetryMs);
      return;
    }
    lane.cut = more ? jobs.at(-1) : undefined;
    if (page?.parkedAt !== undefined) uncover(lane, page.parkedAt);
    for (const job of jobs) {
      if (!this.#slots.has(job.id) && page?.outdated.has(job.id) !== true) this.#insert(job, true, now);
    }
    this.#rings.rouseAll(lane);
    this.#feed(lane, now);
    this.#tidy(lane);
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const lane = newLane(name);
    this.#lanes.set(name, lane);
    return lane;
  }

  #insert(job: NewJob, parked: boolean, now: number): void {
    const lane = this.#lane(job.lane);
    const turn = turnOf(lane, job.key);
    const line = lineOf(lane, job.name);
    const slot: Slot = {
      job,
      line,
      turn,
      parked,
      state: "ready",
      lease: undefined,
      finishing: false,
      offered: false,
    };
    if (turn !== undefined) turn.jobs++;
    if (parked) this.#room.enter(lane, true);
    this.#slots.set(job.id, slot);
    this.#show(offer(slot), now);
  }

  #held(id: string, claim: string, now: number): Slot | undefined {
    const slot = this.#slots.get(id);
    return slot?.lease?.claim === claim && slot.lease.expiresAt > now ? slot : undefined;
  }

  #next(line: Line, now: number): Slot | undefined {
    const { lane } = line;
    if (lane.holdUntil > now) {
      this.#wakes.set(line, lane.holdUntil);
      return undefined;
    }
    lane.holdUntil = 0;
    if (lane.leased >= lane.limit) return undefined;
    const slot = first(line);
    if (lane.cut !== undefined && (slot === undefined || !isBefore(slot.job, lane.cut))) {
      if (lane.cut.dueAt > now) this.#wakes.set(lane, lane.cut.dueAt);
      else if (lane.page === undefined) this.#hungry.add(lane);
      return undefined;
    }
    if (slot === undefined || slot.job.dueAt <= now) return slot;
    this.#wakes.set(line, slot.job.dueAt);
    return undefined;
  }

  #lease(slot: Slot, expiresAt: number, now: number): Job {
    const { line, turn } = slot;
    line.offered.pop();
    slot.offered = false;
    turn?.waiting.pop();
    const claim = this.#leases.begin(slot, expiresAt);
    if (line.lane.cut !== undefined) this.#feed(line.lane, now);
    return { ...slot.job, claim };
  }

  #requeue(slot: Slot, now: number): void {
    this.#leases.end(slot);
    this.#show(offer(slot), now);
    this.#rings.rouseAll(slot.line.lane);
  }

  #forget(slot: Slot, now: number): void {
    const { line, turn } = slot;
    slot.state = "gone";
    this.#slots.delete(slot.job.id);
    if (slot.offered) line.offered.bury();
    this.#room.leave(line.lane, slot.parked);
    if (turn === undefined) return;
    turn.waiting.bury();
    if (--turn.jobs === 0) line.lane.turns.delete(turn.key);
    else this.#show(offerNext(turn), now);
  }

  #makeRoom(wanted: Lane, now: number): void {
    if (!this.#room.isShort(pageJobs)) return;
    for (const slot of this.#slots.values()) {
      const { lane } = slot.line;
      if (!slot.parked || slot.state !== "ready" || lane === wanted) continue;
      uncover(lane, slot.job);
      this.#forget(slot, now);
      this.#feed(lane, now);
      if (!this.#room.isShort(roomPerEviction)) return;
    }
  }

  #show(line: Line | undefined, now: number): void {
    const slot = line === undefined ? undefined : first(line);
    if (line === undefined || slot === undefined) return;
    if (slot.job.dueAt <= now) this.#rings.rouse(line);
    else this.#wakes.set(line, slot.job.dueAt);
  }

  /** Sees to it that parked jobs are read when they are due and few are left in memory. */
  #feed(lane: Lane, now: number): void {
    const { cut } = lane;
    if (cut === undefined || lane.page !== undefined || lane.paged >= lowWater) return;
    const at = Math.max(cut.dueAt, lane.holdUntil);
    if (at <= now) this.#hungry.add(lane);
    else this.#wakes.set(lane, at);
  }

  #tidy(lane: Lane): void {
    if (!isBlank(lane) || this.#hungry.has(lane)) return;
    for (const whom of [lane, ...lane.lines.values()]) whom.wake = undefined;
    this.#lanes.delete(lane.name);
  }
}
