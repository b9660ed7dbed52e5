import { Failure } from "../../../kernel/failure.ts";
import { isBroken, unavailable } from "../../postgres/trouble.ts";
import { signal } from "../signal.ts";
import { checkedBytes } from "./entry-check.ts";
import type { Group, JournalEntry, Written } from "./group-write.ts";
import { Mentioned } from "./mentioned.ts";

const entriesPerGroupMax = 64;
const exchangesPerGroupMax = 64;
const bytesPerGroupMax = 1024 * 1024;
const entriesWaitingMax = 10_000;
const bytesWaitingMax = 128 * 1024 * 1024;
/** One of the four connections is left to the queue. */
const groupsUnderWayMax = 3;
/** Another group is sent while one is under way only when it is worth a transaction of its own. */
const entriesForAnother = 16;
/** Whoever waits is told of a failure within 5 s: refused while waiting for a turn, or given up in the middle of it. */
const waitMsMax = 4_000;
const deadlineMs = 4_500;
/** From the second failure in a row on, nobody is let near the database for this long, twice as long each time. */
const pauseMsMin = 50;
const pauseMsMax = 2_000;

type Waiting = {
  readonly entry: JournalEntry;
  readonly bytes: number;
  /** In ms of `performance.now()`. */
  readonly since: number;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: unknown) => void;
};

/** Gathers entries into groups and has several of them written at a time: group commit. */
export class Committer {
  readonly #write: (group: Group) => Promise<readonly Written[]>;
  /** The sums' rows that this node adds to, one for each group under way. */
  readonly #slots: number[];
  readonly #turn = signal();
  #waiting: Waiting[] = [];
  #bytes = 0;
  #underWay = 0;
  #entries = 0;
  #failures = 0;
  #pausedUntil = 0;
  #isTimed = false;
  #drained: PromiseWithResolvers<void> | undefined;

  /** `slot`: a number that other nodes rarely have too. */
  constructor(write: (group: Group) => Promise<readonly Written[]>, slot: number) {
    this.#write = write;
    this.#turn.listen(() => this.#flush());
    this.#slots = Array.from({ length: groupsUnderWayMax }, (_, n) => slot + n);
  }

  /** @throws Failure unavailable or too_large; RangeError when the entry cannot be written as it is */
  async commit(entry: JournalEntry): Promise<Written> {
    const bytes = checkedBytes(entry);
    this.#admit();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entry, bytes, since: performance.now(), resolve, reject });
      this.#bytes += bytes;
      this.#entries++;
      this.#time(waitMsMax);
      this.#turn.raise();
    });
  }

  /** Refuses commits from now on; resolves when the last one was answered. */
  drain(): Promise<void> {
    this.#drained ??= Promise.withResolvers();
    this.#flush();
    return this.#drained.promise;
  }

  #admit(): void {
    if (this.#drained !== undefined) throw unavailable("The traffic database is closed.");
    if (this.#entries >= entriesWaitingMax || this.#bytes >= bytesWaitingMax)
      throw unavailable("Too much traffic is waiting to be written.");
    if (performance.now() < this.#pausedUntil) throw unavailable("PostgreSQL could not be reached.");
  }

  #flush(): void {
    while (this.#underWay < groupsUnderWayMax && this.#waiting.length > 0) {
      if (this.#underWay > 0 && this.#waiting.length < entriesForAnother) break;
      void this.#send(this.#nextGroup());
    }
    if (this.#underWay === 0 && this.#waiting.length === 0) this.#drained?.resolve();
  }

  /** From the head of those waiting, so that entries commit in the order they came. */
  #nextGroup(): readonly Waiting[] {
    const mentioned = new Mentioned();
    let exchanges = 0;
    let bytes = 0;
    let size = 0;
    for (const waiting of this.#waiting) {
      exchanges += waiting.entry.exchanges.length;
      bytes += waiting.bytes;
      const isFull =
        size >= entriesPerGroupMax || exchanges > exchangesPerGroupMax || bytes > bytesPerGroupMax;
      if (size > 0 && (isFull || mentioned.clashes(waiting.entry))) break;
      mentioned.add(waiting.entry);
      size++;
    }
    return this.#waiting.splice(0, size);
  }

  async #send(group: readonly Waiting[]): Promise<void> {
    const alone = this.#underWay === 0;
    this.#underWay++;
    const slot = this.#slots.pop() ?? 0;
    try {
      await this.#writeInTime(group, { slot, alone });
      this.#failures = 0;
    } catch (error) {
      this.#fail(group, error);
    } finally {
      this.#slots.push(slot);
      this.#underWay--;
      this.#settle(group);
      this.#flush();
    }
  }

  async #writeInTime(group: readonly Waiting[], how: Omit<Group, "entries">): Promise<void> {
    const late = Promise.withResolvers<never>();
    const since = group[0]?.since ?? 0;
    const timer = setTimeout(
      () => late.reject(unavailable("PostgreSQL takes too long.")),
      Math.max(since + deadlineMs - performance.now(), deadlineMs - waitMsMax),
    );
    try {
      await Promise.race([this.#writeAll(group, how), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One that cannot be written, for reasons nobody foresaw, must not take the others along. */
  async #writeAll(group: readonly Waiting[], how: Omit<Group, "entries">): Promise<void> {
    try {
      const written = await this.#write({ ...how, entries: group.map(({ entry }) => entry) });
      for (const [index, result] of written.entries()) group[index]?.resolve(result);
    } catch (error) {
      if (error instanceof Failure || group.length === 1) throw error;
      for (const one of group)
        await this.#writeAll([one], how).catch((reason: unknown) => refuse(one, reason));
    }
  }

  #fail(group: readonly Waiting[], error: unknown): void {
    for (const { reject } of group) reject(error);
    if (!(error instanceof Failure)) return;
    this.#drop();
    if (error.cause !== undefined && !isBroken(error.cause)) return;
    this.#failures++;
    if (this.#failures < 2) return;
    const pauseMs = Math.min(pauseMsMin * 2 ** (this.#failures - 2), pauseMsMax);
    this.#pausedUntil = performance.now() + pauseMs;
  }

  /** Rejects all that waits for its turn: it would only wait for the same failure. */
  #drop(): void {
    const dropped = this.#waiting;
    this.#waiting = [];
    this.#settle(dropped);
    for (const { reject } of dropped) reject(unavailable("PostgreSQL cannot be used at the moment."));
  }

  #time(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    setTimeout(() => this.#refuseOverdue(), ms).unref();
  }

  #refuseOverdue(): void {
    this.#isTimed = false;
    const limit = performance.now() - waitMsMax;
    const inTime = this.#waiting.findIndex(({ since }) => since > limit);
    const late = this.#waiting.splice(0, inTime < 0 ? this.#waiting.length : inTime);
    this.#settle(late);
    for (const { reject } of late) reject(unavailable("PostgreSQL takes too long."));
    const [next] = this.#waiting;
    if (next !== undefined) this.#time(next.since - limit);
  }

  #settle(group: readonly Waiting[]): void {
    this.#entries -= group.length;
    for (const { bytes } of group) this.#bytes -= bytes;
  }
}

/** What is wrong with the database is wrong with all. */
function refuse(one: Waiting, reason: unknown): void {
  if (reason instanceof Failure) throw reason;
  one.reject(reason);
}
