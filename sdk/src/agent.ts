import type { Allowance } from "./body-tee.ts";
import type { Blocking } from "./blocking.ts";
import { crowdedBytes, openBytesMax } from "./budget.ts";
import { frameBytesMax, frameText, writeFrame } from "./frame.ts";
import type { Gauges } from "./gauges.ts";
import type { FromWorker } from "./letters.ts";
import type { Ending, Observation } from "./observation.ts";
import type { Recipient } from "./recipient.ts";
import { Ring } from "./ring.ts";
import { WorkerThread, type Start } from "./worker-thread.ts";

type Flush = { readonly id: number; readonly done: (complete: boolean) => void };

/** The first half of the agent, on the main thread: writes what was seen where the worker reads it. */
export class Agent implements Recipient {
  readonly allowance: Allowance = { bodyBytesMax: 0, openBytes: 0, openBytesMax };
  readonly #gauges: Gauges;
  readonly #blocking: Blocking;
  readonly #ring = new Ring();
  readonly #worker: WorkerThread;
  readonly #flushes = new Set<Flush>();
  #flushId = 0;
  revision: string | null = null;
  trouble: string | null = null;

  constructor(start: Start, gauges: Gauges, blocking: Blocking) {
    this.#gauges = gauges;
    this.#blocking = blocking;
    this.#worker = new WorkerThread(start, gauges, this.#ring, (letter) => this.#hear(letter));
  }

  get heldBytes(): number {
    return this.allowance.openBytes + this.#ring.used;
  }

  receive(observed: Observation, ending: Ending): void {
    this.#gauges.add("observed", 1);
    const whole = this.#ring.used < crowdedBytes;
    if (!this.#write(observed, ending, whole) && !this.#write(observed, ending, false))
      this.#gauges.add("droppedFull", 1);
  }

  fault(): void {
    this.#gauges.add("faults", 1);
  }

  /** Sends all that was seen, and waits so long at most. @returns false when some of it still waits for the server */
  async flush(msMax: number): Promise<boolean> {
    if (!this.#worker.isRunning) return false;
    this.#flushId += 1;
    const id = this.#flushId;
    this.#worker.hold(true);
    return new Promise((answered) => {
      const timer = setTimeout(() => done(false), msMax);
      const flush: Flush = { id, done: (complete) => done(complete) };
      const done = (complete: boolean) => {
        clearTimeout(timer);
        this.#flushes.delete(flush);
        if (this.#flushes.size === 0) this.#worker.hold(false);
        answered(complete);
      };
      this.#flushes.add(flush);
      this.#worker.send({ flush: id });
    });
  }

  async stop(): Promise<void> {
    this.allowance.bodyBytesMax = 0;
    this.#blocking.set([]);
    await this.#worker.stop();
  }

  #write(observed: Observation, ending: Ending, whole: boolean): boolean {
    const text = frameText(observed, ending, whole);
    return this.#ring.write(frameBytesMax(text, observed, whole), (bytes) =>
      writeFrame(bytes, text, observed, whole),
    );
  }

  #hear(letter: FromWorker | "ended"): void {
    if (letter === "ended") {
      // Whoever begins in its place has to learn first how to redact.
      this.allowance.bodyBytesMax = 0;
      for (const flush of this.#flushes) flush.done(false);
    } else if ("settings" in letter) {
      const { revision, bodyBytesMax, blocks } = letter.settings;
      this.revision = revision;
      this.allowance.bodyBytesMax = bodyBytesMax;
      this.#blocking.set(blocks);
    } else if ("trouble" in letter) this.trouble = letter.trouble;
    else for (const flush of this.#flushes) if (flush.id === letter.flushed) flush.done(letter.complete);
  }
}
