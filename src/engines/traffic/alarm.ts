import type { Clock } from "../../kernel/clock.ts";

/** Longer pauses are cut up: a timer knows nothing of a clock that is put right, or of a machine that slept meanwhile. */
const pauseMsMax = 5_000;

/** Rings at the earliest time it was set to. */
export type Alarm = {
  /** Ms since the epoch; Infinity and times later than the one set already change nothing. */
  set(at: number): void;
  stop(): void;
};

/** It may also ring too early; then it is to be set again. */
export function alarm(clock: Clock, ring: () => void): Alarm {
  let timer: NodeJS.Timeout | undefined;
  let setTo = Infinity;
  return {
    set(at) {
      if (at >= setTo) return;
      clearTimeout(timer);
      setTo = at;
      timer = setTimeout(
        () => {
          setTo = Infinity;
          ring();
        },
        Math.min(Math.max(at - clock.now(), 0), pauseMsMax),
      );
      timer.unref();
    },
    stop() {
      setTo = -Infinity;
      clearTimeout(timer);
    },
  };
}
