import type { Allowance } from "./body-tee.ts";
import type { Blocking } from "./blocking.ts";
import { crowdedBytes, openBytesMax, transitBytesMax } from "./budget.ts";
import type { Gauges } from "./gauges.ts";
import type { FromWorker, WorkerStart } from "./letters.ts";
import type { Ending, Observation } from "./observation.ts";
import { frameBytesMax, frameText, Packet } from "./packet.ts";
import type { Recipient } from "./recipient.ts";
import { WorkerThread } from "./worker-thread.ts";

/** A packet that is not full is handed over after this. */
const packetEveryMs = 20;
type Flush = { readonly id: number; readonly done: (complete: boolean) => void };

/** The first half of the agent, on the main thread: packs what was seen and hands it to the worker. */
export class Agent implements Recipient {
  readonly allowance: Allowance = { bodyBytesMax: 0, openBytes: 0, openBytesMax };
  readonly #gauges: Gauges;
  readonly #blocking: Blocking;
  readonly #worker: WorkerThread;
  readonly #flushes = new Set<Flush>();
  #packet: Packet | undefined;
  #frames = 0;
  #full = 0;
  #flushId = 0;
  revision: string | null = null;
  trouble: string | null = null;

  constructor(start: Omit<WorkerStart, "gauges" | "lost">, gauges: Gauges, blocking: Blocking) {
    this.#gauges = gauges;
    this.#blocking = blocking;
    this.#worker = new WorkerThread(start, gauges, (letter) => this.#hear(letter));
  }

  receive(observed: Observation, ending: Ending): void {
    this.#gauges.add("observed", 1);
    const transit =
      this.#gauges.get("handedBytes") - this.#gauges.get("releasedBytes") + (this.#packet?.used ?? 0);
    if (transit >= transitBytesMax || !this.#worker.isRunning) {
      this.#full += 1;
      this.#gauges.add("droppedFull", 1);
      return;
    }
    const whole = transit < crowdedBytes;
    this.#pack(frameText(observed, ending, whole), observed, whole);
  }

  fault(): void {
    this.#gauges.add("faults", 1);
  }

  /** Sends all that was seen, and waits so long at most. @returns false when some of it still waits for the server */
  async flush(msMax: number): Promise<boolean> {
    this.#hand();
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
      this.#worker.send({ flush: id }, 0);
    });
  }

  async stop(): Promise<void> {
    this.allowance.bodyBytesMax = 0;
    this.#blocking.set([]);
    await this.#worker.stop();
  }

  #pack(text: string, observed: Observation, whole: boolean): void {
    if (this.#packet?.add(text, observed, whole) !== true) {
      this.#hand();
      this.#packet = new Packet(frameBytesMax(text, observed, whole));
      this.#packet.add(text, observed, whole);
      setTimeout(this.#onTime, packetEveryMs).unref();
    }
    this.#frames += 1;
  }

  readonly #onTime = () => this.#hand();

  #hand(): void {
    if (this.#full > 0 && this.#worker.isRunning) {
      this.#worker.send({ full: { records: this.#full, summaries: this.#full } }, 0);
      this.#full = 0;
    }
    const packet = this.#packet;
    if (packet === undefined) return;
    this.#packet = undefined;
    this.#gauges.add("handedBytes", packet.bytes.byteLength);
    this.#worker.send({ packet: packet.bytes.buffer, used: packet.used }, this.#frames);
    this.#frames = 0;
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
