import type { Clock } from "../../kernel/clock.ts";
import type { Counters } from "./counters.ts";

type Window = { count: number; readonly resetAt: number };

/** Looking at two for every one begun keeps up with any rate, without a pause to look at all. */
const lookedAtPerHit = 2;

/** Limits of one process, in memory: at most `windowsMax` windows, of which those that are over go first. */
export function memoryWindows(clock: Clock, windowsMax: number): Counters["hit"] {
  // Kept in the order they were begun in.
  const windows = new Map<string, Window>();
  let looking = windows.entries();

  function forgetSome(now: number): void {
    for (let looked = 0; looked < lookedAtPerHit; looked++) {
      const { done, value } = looking.next();
      if (done === true) looking = windows.entries();
      else if (value[1].resetAt <= now) windows.delete(value[0]);
    }
  }

  function begun(key: string, resetAt: number): Window {
    windows.delete(key);
    const [oldest] = windows.keys();
    if (windows.size >= windowsMax && oldest !== undefined) windows.delete(oldest);
    const window = { count: 0, resetAt };
    windows.set(key, window);
    return window;
  }

  return async (key, limit, windowMs) => {
    const now = clock.now();
    forgetSome(now);
    const resetAt = now - (now % windowMs) + windowMs;
    const known = windows.get(key);
    const window = known?.resetAt === resetAt ? known : begun(key, resetAt);
    window.count++;
    return { allowed: window.count <= limit, count: window.count, resetAt };
  };
}
