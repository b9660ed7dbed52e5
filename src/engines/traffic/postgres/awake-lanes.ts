import type { Position } from "./claim-statement.ts";
import { Timetable } from "./timetable.ts";

/** More are not kept: patrols find them in the table. */
const lanesMax = 50_000;
const audiencesMax = 16;

/** Those who claim jobs of the same names, and the lanes that may have some for them, the first in turn first. */
export type Audience = {
  readonly awake: Set<string>;
  /** Where to go on in a lane whose first jobs could not be claimed. */
  readonly from: Map<string, Position>;
};

/**
 * Which lanes may have a job to claim, as far as this node knows; the table decides. What is missing here is found by
 * patrols, what is here in vain costs one look. No I/O; time is passed in, in ms since the epoch.
 */
export class AwakeLanes {
  readonly #audiences = new Map<string, Audience>();
  readonly #wakes = new Timetable();
  /** Lanes with due jobs that could not be claimed, because of others that are: the end of one of those may help. */
  readonly #stuck = new Set<string>();

  /** Whether some job may be claimable right now. */
  get awake(): boolean {
    for (const { awake } of this.#audiences.values()) if (awake.size > 0) return true;
    return false;
  }

  /** When time alone may make a job claimable next; Infinity = never. */
  get nextAt(): number {
    return this.#wakes.nextAt;
  }

  /** Whether nobody has ever claimed here. */
  get unheard(): boolean {
    return this.#audiences.size === 0;
  }

  /** The audience of these names; `made` when it is new and knows of no lane yet. */
  audience(names: readonly string[]): { readonly audience: Audience; readonly made: boolean } {
    const key = JSON.stringify(names.toSorted());
    const known = this.#audiences.get(key);
    if (known !== undefined) return { audience: known, made: false };
    const audience: Audience = { awake: new Set(), from: new Map() };
    const oldest = this.#audiences.keys().next().value;
    if (this.#audiences.size >= audiencesMax && oldest !== undefined) this.#audiences.delete(oldest);
    this.#audiences.set(key, audience);
    return { audience, made: true };
  }

  rouse(lane: string): void {
    for (const { awake } of this.#audiences.values()) if (awake.size < lanesMax) awake.add(lane);
  }

  /** Whether somebody was told of the lane and has not looked yet. */
  waits(lane: string): boolean {
    for (const { awake } of this.#audiences.values()) if (awake.has(lane)) return true;
    return false;
  }

  rouseAt(lane: string, at: number): void {
    if (at < Number.MAX_SAFE_INTEGER && this.#wakes.size < lanesMax) this.#wakes.hasten(lane, at);
  }

  /** Notes that a lane has due jobs of which none can be claimed until one that is claimed ends. */
  stick(lane: string): void {
    if (this.#stuck.size < lanesMax) this.#stuck.add(lane);
  }

  /** To be called when a claim of the lane has ended. */
  loosen(lane: string): void {
    if (this.#stuck.delete(lane)) this.rouse(lane);
  }

  /** Rouses the lanes whose time has come. */
  advance(now: number): void {
    for (let lane = this.#wakes.due(now); lane !== undefined; lane = this.#wakes.due(now)) this.rouse(lane);
  }
}
