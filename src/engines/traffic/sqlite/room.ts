import type { Lane } from "./lane.ts";

export const residentPerLaneMax = 1_000;
export const residentMax = 50_000;
/** Parked jobs in memory; some of those that are not leased make room when this is reached. */
export const pagedMax = 50_000;

/** How many jobs are in memory. */
export class Room {
  #resident = 0;
  #paged = 0;

  /** Whether one more lane may take its share for a job that is not parked. */
  admits(lane: Lane): boolean {
    return lane.resident < residentPerLaneMax && this.#resident < residentMax;
  }

  /** Whether `jobs` more parked jobs are too many. */
  isShort(jobs: number): boolean {
    return this.#paged + jobs > pagedMax;
  }

  enter(lane: Lane, parked: boolean): void {
    this.#count(lane, parked, 1);
  }

  leave(lane: Lane, parked: boolean): void {
    this.#count(lane, parked, -1);
  }

  #count(lane: Lane, parked: boolean, change: 1 | -1): void {
    if (parked) {
      lane.paged += change;
      this.#paged += change;
    } else {
      lane.resident += change;
      this.#resident += change;
    }
  }
}
