import { Heap } from "../heap.ts";
import type { Lane, Line, Wake } from "./lane.ts";

/** When to look at which line or lane again, each at most once. */
export class Wakes {
  readonly #byTime = new Heap<Wake>(
    (a, b) => a.at < b.at,
    (wake) => wake.whom.wake === wake,
  );

  /** Infinity = never. */
  get nextAt(): number {
    return this.#byTime.peek()?.at ?? Infinity;
  }

  /** Keeps the earlier time when one is set already. */
  set(whom: Line | Lane, at: number): void {
    if (at === Infinity || (whom.wake !== undefined && whom.wake.at <= at)) return;
    if (whom.wake !== undefined) this.#byTime.bury();
    whom.wake = { at, whom };
    this.#byTime.push(whom.wake);
  }

  /** Takes the next one whose time has come. */
  due(now: number): Line | Lane | undefined {
    if (this.nextAt > now) return undefined;
    const whom = this.#byTime.pop()?.whom;
    if (whom !== undefined) whom.wake = undefined;
    return whom;
  }
}
