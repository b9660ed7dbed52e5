import type { DatabaseSync, StatementSync } from "node:sqlite";

/** From this many frames (8 KiB each) on, the log is copied into the database after a commit. */
const framesMax = 2_000;
/** The log's length is looked up every so many commits. */
const commitsBetweenLooks = 8;

/**
 * Keeps the write-ahead log bounded, from the writer itself: nothing is written meanwhile, so that the next commit
 * begins the log anew unless a reader is still in it. A checkpoint beside a busy writer never gets there.
 */
export class Wal {
  readonly #look: StatementSync;
  readonly #copy: StatementSync;
  #commits = 0;

  constructor(database: DatabaseSync) {
    // NOOP (SQLite 3.51) tells the frames in the log and does nothing.
    this.#look = database.prepare("pragma wal_checkpoint(noop)");
    this.#copy = database.prepare("pragma wal_checkpoint(passive)");
  }

  /** To be called after each commit. */
  tend(): void {
    this.#commits++;
    if (this.#commits < commitsBetweenLooks) return;
    this.#commits = 0;
    const state = this.#look.get();
    if (Number(state?.["log"]) - Number(state?.["checkpointed"]) >= framesMax) this.#copy.get();
  }
}
