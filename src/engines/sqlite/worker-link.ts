import { Worker } from "node:worker_threads";
import { Failure } from "../../kernel/failure.ts";

/** What a worker answers to the request with the same id. */
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: Problem };

/** Why a worker could not do it: `unavailable` may pass by itself, anything else is a bug. */
export type Problem = { readonly message: string; readonly unavailable: boolean };

export type Link = {
  /**
   * Sends `{ id, request }` and resolves with the value of the reply. `deadlineMs` is the link's own unless given.
   *
   * @throws Failure unavailable when the worker says so, dies, does not answer in time or is down
   */
  call<T>(request: unknown, transfer?: ArrayBuffer[], deadlineMs?: number): Promise<T>;
  /** Kills the thread as a crash would; it is started again. For tests. */
  kill(): Promise<void>;
  close(): Promise<void>;
};

export type LinkTerms = {
  readonly name: string;
  readonly entry: URL;
  readonly data: unknown;
  /** A worker that leaves a request unanswered this long is given up and replaced. */
  readonly deadlineMs: number;
  /** Called when a lost worker was replaced: what it did to the requests that were rejected is unknown but settled. */
  readonly lost?: () => void;
};

type Waiting = {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
};

const backoffMsMin = 50;
const backoffMsMax = 2_000;
/** A worker that lived this long starts the backoff over. */
const settledMs = 10_000;

/** A worker thread spoken to by request and reply; started again with growing pauses when it dies. */
export function openLink(terms: LinkTerms): Link {
  return new WorkerLink(terms);
}

class WorkerLink implements Link {
  readonly #terms: LinkTerms;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #worker: Worker | undefined;
  #closed = false;
  #startedAt = 0;
  #backoffMs = backoffMsMin;
  #restart: NodeJS.Timeout | undefined;

  constructor(terms: LinkTerms) {
    this.#terms = terms;
    this.#start();
  }

  call<T>(request: unknown, transfer: ArrayBuffer[] = [], deadlineMs = this.#terms.deadlineMs): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#worker === undefined) {
        reject(unavailable(`The ${this.#terms.name} of the traffic database is restarting.`));
        return;
      }
      const id = this.#next++;
      const timer = setTimeout(() => this.#giveUp(), deadlineMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#worker.postMessage({ id, request }, transfer);
    });
  }

  async kill(): Promise<void> {
    await this.#worker?.terminate();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#restart);
    await this.#worker?.terminate();
  }

  #start(): void {
    this.#startedAt = performance.now();
    const worker = new Worker(this.#terms.entry, { workerData: this.#terms.data, name: this.#terms.name });
    this.#worker = worker;
    worker.on("message", (reply: Reply) => this.#answer(reply));
    // The exit that follows does the rest; without a listener the error would end the process.
    worker.on("error", (error) => this.#orphan(error));
    worker.on("exit", () => this.#lose());
  }

  #answer(reply: Reply): void {
    const caller = this.#waiting.get(reply.id);
    if (caller === undefined) return;
    this.#waiting.delete(reply.id);
    clearTimeout(caller.timer);
    // What a worker answers to a request is the business of the two; `call` names the type.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    if ("value" in reply) caller.resolve(reply.value as never);
    else caller.reject(errorOf(reply.problem));
  }

  /** A thread that hangs in the disk cannot be stopped; the next one starts when it did, so that there is one writer. */
  #giveUp(): void {
    const stuck = this.#worker;
    this.#worker = undefined;
    this.#orphan(undefined);
    void stuck?.terminate();
  }

  #orphan(cause: unknown): void {
    const orphans = [...this.#waiting.values()];
    this.#waiting.clear();
    const error = unavailable(`The ${this.#terms.name} of the traffic database stopped.`);
    unsettled.add(error);
    if (cause !== undefined) error.cause = cause;
    for (const orphan of orphans) {
      clearTimeout(orphan.timer);
      orphan.reject(error);
    }
  }

  #lose(): void {
    this.#worker = undefined;
    this.#orphan(undefined);
    if (this.#closed) return;
    const settled = performance.now() - this.#startedAt > settledMs;
    this.#backoffMs = settled ? backoffMsMin : Math.min(this.#backoffMs * 2, backoffMsMax);
    this.#restart = setTimeout(() => {
      this.#start();
      this.#terms.lost?.();
    }, this.#backoffMs);
  }
}

const unsettled = new WeakSet<object>();

/** Whether a failed commit may have taken place all the same, since its writer was lost before it answered. */
export function isUnsettled(error: unknown): boolean {
  return typeof error === "object" && error !== null && unsettled.has(error);
}

/** The failure every caller of an ailing traffic database gets. */
export function unavailable(message: string): Failure {
  return new Failure("unavailable", message, {
    retryAfterMs: 5_000,
    hint: "Nothing was acknowledged. Try again in a few seconds; if it goes on, check the disk of the data folder.",
  });
}

function errorOf(problem: Problem): Error {
  return problem.unavailable ? unavailable(problem.message) : new Error(problem.message);
}

/** SQLite result codes that an operator or time can cure: busy, locked, read-only, I/O, corrupt, full, cannot open. */
const curable = new Set([5, 6, 8, 10, 11, 13, 14, 26]);

/** Tells a failure of the disk or the lock from a bug, by the primary SQLite result code. */
export function problemOf(error: unknown): Problem {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0;
  const message = error instanceof Error ? error.message : String(error);
  return {
    message: code === 0 ? message : `The traffic database answered: ${message}.`,
    unavailable: curable.has(code),
  };
}
