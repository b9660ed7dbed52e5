import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Gauges } from "./gauges.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./letters.ts";
import type { Ring } from "./ring.ts";

/** A worker that ends by itself is started anew so often, later each time. */
const startsMax = 5;
const firstPauseMs = 1_000;
/** Of the worker's heap; what it holds back for the server lies outside of it. */
const heapMiBMax = 128;

export type Start = Omit<WorkerStart, "gauges" | "ring" | "lost">;
type Hearing = (letter: FromWorker | "ended") => void;

/** The thread that does what takes time. It never keeps the process alive by itself. */
export class WorkerThread {
  readonly #start: Start;
  readonly #gauges: Gauges;
  readonly #ring: Ring;
  readonly #hear: Hearing;
  #worker: Worker | undefined;
  #starts = 0;
  #isStopped = false;

  constructor(start: Start, gauges: Gauges, ring: Ring, hear: Hearing) {
    this.#start = start;
    this.#gauges = gauges;
    this.#ring = ring;
    this.#hear = hear;
    this.#begin({ records: 0, summaries: 0 });
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  send(letter: ToWorker): void {
    this.#worker?.postMessage(letter);
  }

  /** While it is held, the process waits for it. */
  hold(held: boolean): void {
    if (held) this.#worker?.ref();
    else this.#worker?.unref();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#worker?.terminate();
  }

  #begin(lost: WorkerStart["lost"]): void {
    this.#starts += 1;
    const url = new URL(`./agent.worker${extname(import.meta.url)}`, import.meta.url);
    const workerData: WorkerStart = {
      ...this.#start,
      gauges: this.#gauges.shared,
      ring: this.#ring.memory,
      lost,
    };
    // No options and no environment of the process: `--import sluice-capture/register` would begin again inside.
    const worker = new Worker(url, {
      name: "sluice-capture",
      workerData,
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMiBMax },
    });
    this.#worker = worker;
    worker.on("message", this.#hear);
    worker.on("error", () => this.#gauges.add("faults", 1));
    worker.on("exit", () => this.#ended());
    // Last: whoever listens for messages is waited for.
    worker.unref();
  }

  #ended(): void {
    this.#worker = undefined;
    this.#hear("ended");
    if (this.#isStopped) return;
    const figures = this.#gauges;
    // What is in the ring is there for the next one; what the last one had taken out is gone, with what it had counted.
    const lost = { records: figures.get("queuedRecords"), summaries: figures.get("queuedSummaries") };
    figures.add("lostRecords", lost.records);
    figures.add("lostSummaries", lost.summaries);
    for (const figure of [
      "queuedBytes",
      "queuedRecords",
      "queuedSummaries",
      "summaryBytes",
      "batchBytes",
    ] as const)
      figures.set(figure, 0);
    if (this.#starts < startsMax)
      setTimeout(() => this.#begin(lost), firstPauseMs * 2 ** (this.#starts - 1)).unref();
  }
}
