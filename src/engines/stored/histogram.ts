import { gamma, leastMs, slotMax, slotOf } from "../../../capture/slots.ts";
import { exactSum } from "../../kernel/exact-sum.ts";
import { readNumber, writeNumber } from "../../kernel/varint.ts";

/** What stands for every duration of the slot: the value with the least relative error at both of its bounds. */
function valueOf(slot: number): number {
  return slot === 0 ? 0 : (2 * leastMs * gamma ** slot) / (gamma + 1);
}

/** How often durations occurred, in the slots of `capture/slots.ts`, so that histograms of parts add up to that of the whole. */
export class Histogram {
  readonly #counts = new Float64Array(slotMax + 1);
  #total = 0;
  /** No slot outside of these counts anything. */
  #first = slotMax + 1;
  #last = -1;

  add(ms: number): void {
    this.addSlot(slotOf(ms), 1);
  }

  /** A negative count takes off what was added, before or after. */
  addSlot(slot: number, count: number): void {
    this.#counts[slot] = exactSum(this.#counts[slot] ?? 0, count);
    this.#total += count;
    if (slot < this.#first) this.#first = slot;
    if (slot > this.#last) this.#last = slot;
  }

  /** Adds what `encode` made of another. @throws TypeError when the bytes are no histogram */
  addEncoded(bytes: Uint8Array): void {
    const reader = { bytes, at: 0 };
    for (let slot = 0; reader.at < bytes.length;) {
      slot += readNumber(reader);
      if (slot > slotMax) throw new TypeError("These bytes are no histogram.");
      this.addSlot(slot, readNumber(reader));
    }
  }

  /** Pairs of numbers for the slots that count anything: how far from the slot before (from 0 at first), how many. */
  encode(): Uint8Array {
    const bytes: number[] = [];
    let before = 0;
    for (let slot = this.#first; slot <= this.#last; slot++) {
      const count = this.#counts[slot] ?? 0;
      if (count <= 0) continue;
      writeNumber(bytes, slot - before);
      writeNumber(bytes, count);
      before = slot;
    }
    return Uint8Array.from(bytes);
  }

  /** In ms, linear between ranks as of the durations themselves, and within 1 % of that; 0 when nothing was added. */
  percentile(percent: number): number {
    const rank = ((this.#total - 1) * percent) / 100;
    const [below, above] = [this.#valueAt(Math.floor(rank)), this.#valueAt(Math.ceil(rank))];
    return below + (above - below) * (rank - Math.floor(rank));
  }

  /** Empties it for another use: cheaper than a new one. */
  clear(): void {
    if (this.#last >= 0) this.#counts.fill(0, this.#first, this.#last + 1);
    this.#total = 0;
    this.#first = slotMax + 1;
    this.#last = -1;
  }

  /** The duration at the rank, counted from 0. */
  #valueAt(rank: number): number {
    let passed = 0;
    for (let slot = this.#first; slot <= this.#last; slot++) {
      passed += this.#counts[slot] ?? 0;
      if (passed > rank) return valueOf(slot);
    }
    return 0;
  }
}
