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
   * Sends `{ id, request }` and resolves with the value of the reply.
   *
   * @throws Failure unavailable when the worker says so, dies, does not answer in time or is down
   */
  call<T>(request: unknown, transfer?: ArrayBuffer[]): Promise<T>;
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
  /** Called when the worker was lost, after its requests were rejected: what it did to them is unknown. */
  readonly lost?: () => void;
};

type Waiting = {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
};

const backoffMsMin = 50;
const backoffMsMax = 2_000;
/** A worker that lived this long starts the backoff over. */
const settledMs = 10_000;

/** A worker thread spoken to by request and reply; started again with growing pauses when it dies. */
export function openLink(terms: LinkTerms): Link {
  const waiting = new Map<number, Waiting>();
  let next = 1;
  let worker: Worker | undefined;
  let closed = false;
  let startedAt = 0;
  let backoffMs = backoffMsMin;

  const start = () => {
    if (closed) return;
    startedAt = performance.now();
    const started = new Worker(terms.entry, { workerData: terms.data, name: terms.name });
    worker = started;
    started.on("message", (reply: Reply) => answer(reply));
    // The exit that follows an error does the rest; without a listener the error would end the process.
    started.on("error", () => lose(started));
    started.on("exit", () => lose(started));
  };

  const lose = (lost: Worker) => {
    if (worker !== lost) return;
    worker = undefined;
    const orphans = [...waiting.values()];
    waiting.clear();
    for (const orphan of orphans) {
      clearTimeout(orphan.timer);
      orphan.reject(unavailable(`The ${terms.name} of the traffic database stopped.`));
    }
    if (closed) return;
    backoffMs =
      performance.now() - startedAt > settledMs ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax);
    setTimeout(start, backoffMs);
    terms.lost?.();
  };

  const giveUp = () => {
    const stuck = worker;
    if (stuck === undefined) return;
    lose(stuck);
    void stuck.terminate();
  };

  const answer = (reply: Reply) => {
    const caller = waiting.get(reply.id);
    if (caller === undefined) return;
    waiting.delete(reply.id);
    clearTimeout(caller.timer);
    if ("value" in reply) caller.resolve(reply.value as never);
    else caller.reject(errorOf(reply.problem));
  };

  start();
  return {
    call: (request, transfer) =>
      new Promise((resolve, reject) => {
        if (worker === undefined) {
          reject(unavailable(`The ${terms.name} of the traffic database is restarting.`));
          return;
        }
        const id = next++;
        waiting.set(id, { resolve, reject, timer: setTimeout(giveUp, terms.deadlineMs) });
        worker.postMessage({ id, request }, transfer ?? []);
      }),
    async kill() {
      await worker?.terminate();
    },
    async close() {
      closed = true;
      await worker?.terminate();
    },
  };
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
