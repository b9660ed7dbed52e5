import { Heap } from "../heap.ts";
import type { NewJob } from "../../../kernel/job.ts";

/** Where a job stands in its lane: by due time, then id. */
export type Position = { readonly dueAt: number; readonly id: string };

export function isBefore(a: Position, b: Position): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.id < b.id);
}

export type Lease = { readonly slot: Slot; readonly claim: string; readonly expiresAt: number };

/** One job in memory. */
export type Slot = {
  job: NewJob;
  readonly line: Line;
  readonly turn: Turn | undefined;
  /** Its row is marked as parked, so that it can be dropped from memory and found again. */
  readonly parked: boolean;
  state: "ready" | "leased" | "gone";
  lease: Lease | undefined;
  /** A commit that ends it is under way: its lease does not expire meanwhile. */
  finishing: boolean;
  /** It is among the jobs its line hands out. */
  offered: boolean;
};

/** The jobs of one ordering key, of which only the first is offered, and none while one is leased. */
export type Turn = { readonly key: string; readonly waiting: Heap<Slot>; leased: boolean; jobs: number };

/** The jobs of one lane with one name. */
export type Line = {
  readonly lane: Lane;
  readonly name: string;
  readonly offered: Heap<Slot>;
  /** It waits in the ring of its name to be asked for a job. */
  awake: boolean;
  wake: Wake | undefined;
};

export type Lane = {
  readonly name: string;
  readonly lines: Map<string, Line>;
  readonly turns: Map<string, Turn>;
  /** Ms; 0 = not held. */
  holdUntil: number;
  limit: number;
  leased: number;
  /** Jobs in memory that are not parked, or about to be. */
  resident: number;
  /** Parked jobs that are in memory. */
  paged: number;
  /** Parked jobs from this position on may be missing in memory; undefined = none is. */
  cut: Position | undefined;
  page: Page | undefined;
  wake: Wake | undefined;
};

/** A page of parked jobs that is being read: what happened to the lane since the reading began outdoes what is read. */
export type Page = { readonly outdated: Set<string>; parkedAt: Position | undefined };

/** When to look at a line or a lane again. */
export type Wake = { readonly at: number; readonly whom: Line | Lane };

export const claimedPerLaneDefault = 10;

export function newLane(name: string): Lane {
  return {
    name,
    lines: new Map(),
    turns: new Map(),
    holdUntil: 0,
    limit: claimedPerLaneDefault,
    leased: 0,
    resident: 0,
    paged: 0,
    cut: undefined,
    page: undefined,
    wake: undefined,
  };
}

export function lineOf(lane: Lane, name: string): Line {
  const known = lane.lines.get(name);
  if (known !== undefined) return known;
  const line: Line = { lane, name, offered: new Heap(slotBefore, mayGo), awake: false, wake: undefined };
  lane.lines.set(name, line);
  return line;
}

export function turnOf(lane: Lane, key: string | null): Turn | undefined {
  if (key === null) return undefined;
  const known = lane.turns.get(key);
  if (known !== undefined) return known;
  const turn: Turn = { key, waiting: new Heap(slotBefore, isReady), leased: false, jobs: 0 };
  lane.turns.set(key, turn);
  return turn;
}

/** Puts a job that became ready among those its line hands out; returns the line that has something to offer now. */
export function offer(slot: Slot): Line | undefined {
  const { turn } = slot;
  if (turn === undefined) return offered(slot);
  turn.waiting.push(slot);
  return offerNext(turn);
}

/** Offers the first job of a key unless one of the key is leased. */
export function offerNext(turn: Turn): Line | undefined {
  const next = turn.leased ? undefined : turn.waiting.peek();
  return next === undefined ? undefined : offered(next);
}

function offered(slot: Slot): Line {
  if (!slot.offered) {
    slot.offered = true;
    slot.line.offered.push(slot);
  }
  return slot.line;
}

/** The first job of the line that may be handed out when it is due. */
export function first(line: Line): Slot | undefined {
  return line.offered.peek();
}

function slotBefore(a: Slot, b: Slot): boolean {
  return isBefore(a.job, b.job);
}

function isReady(slot: Slot): boolean {
  return slot.state === "ready";
}

/** Out of turn it leaves the heap; `offerNext` puts it back when its turn comes. */
function mayGo(slot: Slot): boolean {
  const { turn } = slot;
  const may =
    slot.state === "ready" && (turn === undefined || (!turn.leased && turn.waiting.peek() === slot));
  if (!may) slot.offered = false;
  return may;
}

/** Notes that the parked job at `position` is not in memory. */
export function uncover(lane: Lane, position: Position): void {
  if (lane.cut === undefined || isBefore(position, lane.cut)) lane.cut = position;
  const { page } = lane;
  if (page !== undefined && (page.parkedAt === undefined || isBefore(position, page.parkedAt)))
    page.parkedAt = position;
}

/** Whether nothing would be lost if the lane were made anew. */
export function isBlank(lane: Lane): boolean {
  const jobs = lane.resident + lane.paged;
  return jobs === 0 && lane.cut === undefined && lane.page === undefined && isDefault(lane);
}

function isDefault(lane: Lane): boolean {
  return lane.holdUntil === 0 && lane.limit === claimedPerLaneDefault;
}
