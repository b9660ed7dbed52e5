import type { TestContext } from "node:test";
import type { TestClock } from "./samples.ts";
import type { Traffic } from "./traffic.ts";

/** A traffic engine under test: `clock` is the one it was opened with, `reopen` closes it and opens it again. */
export type Opened = {
  readonly traffic: Traffic;
  readonly clock: TestClock;
  reopen(): Promise<Traffic>;
  /** Closes the engine and removes what it stored. */
  dispose(): Promise<void>;
};

export type Use = (opened: Opened, context: TestContext) => Promise<void>;

/** Registers a test of one promise, on an engine of its own. */
export type Promised = (title: string, use: Use) => void;
