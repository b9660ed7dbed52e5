import { Heap } from "../heap.ts";
import type { Lease, Slot } from "./lane.ts";

/** Who has which job, until when. */
export class Leases {
  readonly #newClaim: () => string;
  readonly #byExpiry = new Heap<Lease>(
    (a, b) => a.expiresAt < b.expiresAt,
    (lease) => lease.slot.lease === lease && !lease.slot.finishing,
  );
  #count = 0;

  constructor(newClaim: () => string) {
    this.#newClaim = newClaim;
  }

  get count(): number {
    return this.#count;
  }

  /** When the next lease expires; Infinity = none does. */
  get nextAt(): number {
    return this.#byExpiry.peek()?.expiresAt ?? Infinity;
  }

  begin(slot: Slot, expiresAt: number): string {
    const claim = this.#newClaim();
    slot.state = "leased";
    slot.line.lane.leased++;
    if (slot.turn !== undefined) slot.turn.leased = true;
    this.#count++;
    this.extend(slot, claim, expiresAt);
    return claim;
  }

  extend(slot: Slot, claim: string, expiresAt: number): void {
    if (slot.lease !== undefined) this.#byExpiry.bury();
    slot.lease = { slot, claim, expiresAt };
    this.#byExpiry.push(slot.lease);
  }

  /** Ends the lease of a job that has one. */
  end(slot: Slot): void {
    if (slot.state !== "leased") return;
    slot.state = "ready";
    slot.lease = undefined;
    slot.finishing = false;
    if (slot.turn !== undefined) slot.turn.leased = false;
    slot.line.lane.leased--;
    this.#count--;
    this.#byExpiry.bury();
  }

  /** A job whose lease has expired and is still to be ended; undefined = there is none. */
  expired(now: number): Slot | undefined {
    return this.nextAt <= now ? this.#byExpiry.peek()?.slot : undefined;
  }
}
