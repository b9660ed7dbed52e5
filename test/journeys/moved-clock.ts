import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freshFolder } from "./server-process.ts";

/** The clock of a server that runs with the fault `clock`: the machine's, moved from outside while the server runs. */
export type MovedClock = {
  /** To be named in the command of the server. */
  readonly fault: string;
  /** What the server takes the time to be, in ms since the epoch. */
  now(): number;
  /** Sets it forward or, below 0, back. */
  move(byMs: number): void;
};

/** A clock that starts at this moment; at the machine's own time unless given. */
export async function movedClock(t: TestContext, startsAt = Date.now()): Promise<MovedClock> {
  const file = join(await freshFolder(t), "moved-ms");
  let movedMs = startsAt - Date.now();
  const write = () => {
    // Nobody is to read half a number.
    writeFileSync(`${file}.draft`, String(movedMs));
    renameSync(`${file}.draft`, file);
  };
  write();
  return {
    fault: `clock=${file}`,
    now: () => Date.now() + movedMs,
    move(byMs) {
      movedMs += byMs;
      write();
    },
  };
}
