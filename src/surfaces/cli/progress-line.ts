import type { Clock } from "../../kernel/clock.ts";
import type { Progress } from "../../registry/context.ts";
import { visibleText } from "./visible-text.ts";

/** What is over sooner needs no line. */
const quietMs = 250;
const everyMs = 100;

/** One line of a terminal that says how far something is, and is written over again and again. */
export type ProgressLine = {
  /** How much is done, of how much, and in words what. */
  readonly tell: Progress;
  /** Takes the line away: before anything else is written, and at the end. */
  readonly clear: () => void;
};

/** Where nobody looks. */
export const noProgress: ProgressLine = { tell: () => {}, clear: () => {} };

/** Puts a line in the place of the last one; "" takes it away. */
export function overwritten(line: string): string {
  return `\r\u001b[K${visibleText(line)}`;
}

/** Counts, says the total and the rate since the first report. Nothing is written of what takes less than a quarter of a second. */
export function progressLine(clock: Clock, write: (text: string) => void): ProgressLine {
  let first: { readonly at: number; readonly done: number } | undefined;
  let toldAt = 0;
  let isShown = false;
  return {
    tell(done, total, message) {
      const at = clock.now();
      first ??= { at, done };
      if (at - first.at < quietMs || at - toldAt < everyMs) return;
      toldAt = at;
      isShown = true;
      const rate = ((done - first.done) * 1_000) / (at - first.at);
      write(overwritten(`${done} of ${total}, ${rate.toFixed(rate < 10 ? 1 : 0)} a second: ${message}`));
    },
    clear() {
      if (isShown) write(overwritten(""));
      isShown = false;
    },
  };
}
