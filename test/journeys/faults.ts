import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { defaultLimits, type Limits } from "../../src/engines/inbound/inbound.ts";
import { parseCidrs } from "../../src/engines/outbound/address.ts";
import { ownListeners } from "../../src/engines/outbound/own-listeners.ts";
import { undiciOutbound } from "../../src/engines/outbound/undici.ts";
import type { Clock } from "../../src/kernel/clock.ts";
import type { Engines } from "../../src/registry/engines.ts";
import { armedMark, dyingMark, stoppedMark } from "./faulty.ts";

/** A way for the real server to go wrong. */
export type Fault = {
  readonly wrap?: (engines: Engines) => Engines;
  readonly clock?: Clock;
  readonly limits?: Limits;
};

type Commit = Engines["traffic"]["journal"]["commit"];
type Entry = Parameters<Commit>[0];

/** Faults at a named point wait for SIGUSR2, so that nothing happens while the server starts and recovers. */
let armed = false;
process.once("SIGUSR2", () => {
  armed = true;
  process.stderr.write(`${armedMark}\n`);
});

/** About as long as a commit takes on a fast disk. */
const commitUsMax = 1_000;

const threads: Worker[] = [];
process.on("worker", (thread) => void threads.push(thread));

/** By name; those at a named point take as their argument the how manieth time there is meant. */
const faults: Readonly<Record<string, (argument: string) => Fault>> = {
  /** The nth event was read and judged, and nothing of it is on its way to the disk. */
  "dies-before-commit": (nth) => {
    const reached = counting(nth);
    return onCommit(async (entry, commit) => {
      if (isEvent(entry) && reached()) {
        sayDying(entry);
        await die();
      }
      return commit(entry);
    });
  },
  /** The nth event is on its way to the disk. */
  "dies-in-commit": (nth) => whileCommitting(isEvent, nth, dieCommitting),
  /** The nth record of an attempt, with what becomes of its job, is on its way to the disk. */
  "dies-in-record": (nth) => whileCommitting(isRecord, nth, dieCommitting),
  /** The nth event is durable, and its sender is not answered yet. */
  "dies-after-commit": (nth) => {
    const reached = counting(nth);
    return onCommit(async (entry, commit) => {
      const verdict = await commit(entry);
      if (isEvent(entry) && reached()) await die();
      return verdict;
    });
  },
  /** The target has answered the nth request, and what came of it is not recorded yet. */
  "dies-after-answer": (nth) => {
    const reached = counting(nth);
    return {
      wrap(engines) {
        const { outbound } = engines;
        const send: typeof outbound.send = async (request) => {
          const outcome = await outbound.send(request);
          if (reached()) await die();
          return outcome;
        };
        return { ...engines, outbound: { ...outbound, send } };
      },
    };
  },
  /** The whole process stands still while the nth record of an attempt is on its way to the disk. */
  "stops-in-commit": (nth) =>
    whileCommitting(isRecord, nth, () => {
      process.stderr.write(`${stoppedMark}\n`);
      process.kill(process.pid, "SIGSTOP");
    }),
  /** The thread that writes is gone while the nth event is on its way to the disk. */
  "loses-writer": (nth) => {
    const reached = counting(nth);
    return onCommit((entry, commit) => {
      const committing = commit(entry);
      if (isEvent(entry) && reached())
        afterSending(() => void threads.findLast(({ threadName }) => threadName === "writer")?.terminate());
      return committing;
    });
  },
  /** Says that an event is durable and never writes it. */
  forgetful: () =>
    onCommit(async (entry, commit) => (isEvent(entry) ? { kind: "committed" } : commit(entry))),
  /** The time is the machine's plus the milliseconds that stand in this file. */
  clock: (file) => ({ clock: { now: () => Date.now() + Number(readFileSync(file, "utf8")) } }),
  /** No more connections than this. */
  connections: (most) => ({ limits: { ...defaultLimits, connectionsMax: Number(most) } }),
  /** Every name stands for the address in this file; only 127.0.0.1 may be reached. */
  names: (file) => ({
    wrap: (engines) => ({
      ...engines,
      outbound: undiciOutbound({
        allow: parseCidrs("127.0.0.1/32"),
        own: ownListeners(),
        clock: engines.clock,
        lookup: async () => [readFileSync(file, "utf8")],
      }),
    }),
  }),
};

/** The fault that `<name>=<argument>` stands for. */
export function faultOf(text: string): Fault {
  const [name = "", argument = ""] = text.split("=");
  const make = faults[name];
  if (make === undefined) throw new Error(`no fault is called ${name}`);
  return make(argument);
}

/** True the nth time that it is asked after the server was armed. */
function counting(nth: string): () => boolean {
  let times = 0;
  return () => armed && ++times === Number(nth);
}

/** Never comes back: the process is gone before the next statement. */
function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
}

/** Says at which event the process goes. */
function sayDying({ exchanges: [first] }: Entry): void {
  process.stderr.write(`${dyingMark}${first?.parent ?? first?.id}\n`);
}

/** The main thread stands still first: nobody is told of the commit, which is nearer to its end or less near, by chance. */
function dieCommitting(entry: Entry): void {
  sayDying(entry);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, randomInt(commitUsMax) / 1_000);
  void die();
}

/** Acts while the nth commit of its kind is on its way to the disk: alone, since one behind another is still to be sent. */
function whileCommitting(
  isMeant: (entry: Entry) => boolean,
  nth: string,
  act: (entry: Entry) => void,
): Fault {
  const reached = counting(nth);
  const underWay = new Set<Promise<unknown>>();
  let alone: PromiseWithResolvers<void> | undefined;
  return onCommit(async (entry, commit) => {
    const isIt = isMeant(entry) && reached();
    if (isIt) {
      alone = Promise.withResolvers();
      await Promise.allSettled(underWay);
    } else await alone?.promise;
    const committing = commit(entry);
    const end = () => underWay.delete(committing);
    underWay.add(committing);
    void committing.then(end, end);
    if (isIt)
      afterSending(() => {
        act(entry);
        alone?.resolve();
      });
    return committing;
  });
}

/** Commits are sent to the writer once the code that made them has run; this is right after that. */
function afterSending(act: () => void): void {
  setImmediate(act);
}

function isEvent({ exchanges }: Entry): boolean {
  return exchanges[0]?.kind === "event";
}

function isRecord({ finish, exchanges }: Entry): boolean {
  return finish !== undefined && exchanges.length > 0;
}

function onCommit(commit: (entry: Entry, real: Commit) => ReturnType<Commit>): Fault {
  return {
    wrap(engines) {
      const { traffic } = engines;
      const { journal } = traffic;
      const faulty = { ...journal, commit: (entry: Entry) => commit(entry, journal.commit) };
      return { ...engines, traffic: { ...traffic, journal: faulty } };
    },
  };
}
