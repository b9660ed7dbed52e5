import type { CapturedBatch } from "../../../capture/wire.ts";

export type Reason =
  /** More waited than the proxy may hold. */
  | "queue_full"
  /** More payloads in a minute than the server wants. */
  | "over_limit"
  /** The server did not take the batch. */
  | "rejected";

/** What was lost since the server last heard of it. */
export class Losses {
  #records = 0;
  #summaries = 0;
  #reasons = new Map<string, number>();
  /** Since the start, whether told or not. */
  readonly all = new Map<Reason, number>();

  get isNone(): boolean {
    return this.#records + this.#summaries === 0;
  }

  add(reason: Reason, records: number, summaries = 0): void {
    if (records + summaries === 0) return;
    this.#records += records;
    this.#summaries += summaries;
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + records + summaries);
    this.all.set(reason, (this.all.get(reason) ?? 0) + records);
  }

  /** What a batch says of them; they are forgotten here. */
  take(): CapturedBatch["dropped"] {
    const taken = {
      records: this.#records,
      summaries: this.#summaries,
      reasons: Object.fromEntries(this.#reasons),
    };
    this.#records = 0;
    this.#summaries = 0;
    this.#reasons = new Map();
    return taken;
  }

  /** Adds what a batch said that was not taken. */
  restore({ records, summaries, reasons }: CapturedBatch["dropped"]): void {
    this.#records += records;
    this.#summaries += summaries;
    for (const [reason, count] of Object.entries(reasons))
      this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }
}
