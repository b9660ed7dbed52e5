import type { DatabaseSync, StatementSync } from "node:sqlite";

/** From this many frames (8 KiB each) on, the log is copied into the database after a commit. */
const framesMax = 2_000;
/** A log of this many frames (64 MiB) is begun anew even if that means to wait for the queries under way. */
const framesEndured = 8_000;
/** The log's length is looked up every so many commits. */
const commitsBetweenLooks = 8;
/**
 * One try to begin anew waits this long for a reader. SQLite looks once a try how far each reader's mark is and then
 * waits for that mark to be free, also when readers that began later share it without a pause: the next try sees that
 * they are in nobody's way.
 */
const tryMs = 50;

/**
 * Keeps the write-ahead log bounded, from the writer itself: nothing is written meanwhile, so that the next commit
 * begins the log anew unless a reader is still in it. A checkpoint beside a busy writer never gets there, and none
 * does beside readers whose queries follow each other without a pause: then the writer waits for those that are in
 * the log, at most as long as it waits for a lock. Queries that begin meanwhile need the log no more.
 */
export class Wal {
  readonly #look: StatementSync;
  readonly #copy: StatementSync;
  readonly #shorten: StatementSync;
  readonly #waitFor: (ms: number) => void;
  readonly #patienceMs: number;
  #commits = 0;
  #endured = framesEndured;

  constructor(database: DatabaseSync) {
    this.#waitFor = (ms) => database.exec(`pragma busy_timeout = ${ms}`);
    this.#patienceMs = Number(database.prepare("pragma busy_timeout").get()?.["timeout"]);
    // NOOP (SQLite 3.51) tells the frames in the log and does nothing.
    this.#look = database.prepare("pragma wal_checkpoint(noop)");
    this.#copy = database.prepare("pragma wal_checkpoint(passive)");
    this.#shorten = database.prepare("pragma wal_checkpoint(truncate)");
  }

  /** To be called after each commit. */
  tend(): void {
    this.#commits++;
    if (this.#commits < commitsBetweenLooks) return;
    this.#commits = 0;
    const state = this.#look.get();
    const frames = Number(state?.["log"]);
    if (frames >= this.#endured) this.#shortenOrEndure(frames);
    else if (frames - Number(state?.["checkpointed"]) >= framesMax) this.#copy.get();
  }

  /** After a wait in vain, the log may grow by as much again before the next one. */
  #shortenOrEndure(frames: number): void {
    this.#endured = this.begin() ? framesEndured : frames + framesEndured;
  }

  /** Copies the log into the database and empties it: nothing is left in it of what was replaced. False = in vain. */
  begin(): boolean {
    const until = performance.now() + this.#patienceMs;
    this.#waitFor(tryMs);
    let begun = false;
    while (!begun && performance.now() < until) begun = Number(this.#shorten.get()?.["busy"]) === 0;
    this.#waitFor(this.#patienceMs);
    return begun;
  }
}
