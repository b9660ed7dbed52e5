import type { CapturedBatch } from "./wire.ts";

export type Reason =
  /** More waited than may be held. */
  | "queue_full"
  /** One record that is larger than a batch may be. */
  | "too_large"
  /** More payloads in a minute than the server wants. */
  | "over_limit"
  /** The server did not take the batch. */
  | "rejected"
  /** The worker of the agent ended. */
  | "agent_failed";

/** What was lost since the server last heard of it. */
export class Losses {
  #records = 0;
  #summaries = 0;
  #reasons: Record<string, number> = {};
  /** Records since the start, whether told or not. */
  readonly all = new Map<Reason, number>();

  get isNone(): boolean {
    return this.#records + this.#summaries === 0;
  }

  add(
    reason: Reason,
    { records = 0, summaries = 0 }: { readonly records?: number; readonly summaries?: number },
  ): void {
    if (records + summaries === 0) return;
    this.#records += records;
    this.#summaries += summaries;
    this.#reasons[reason] = (this.#reasons[reason] ?? 0) + records + summaries;
    this.all.set(reason, (this.all.get(reason) ?? 0) + records);
  }

  /** What a batch says of them; they are forgotten here. */
  take(): CapturedBatch["dropped"] {
    const taken = { records: this.#records, summaries: this.#summaries, reasons: this.#reasons };
    this.#records = 0;
    this.#summaries = 0;
    this.#reasons = {};
    return taken;
  }

  /** Adds what a batch said that was not taken. */
  restore({ records, summaries, reasons }: CapturedBatch["dropped"]): void {
    this.#records += records;
    this.#summaries += summaries;
    for (const [reason, count] of Object.entries(reasons))
      this.#reasons[reason] = (this.#reasons[reason] ?? 0) + count;
  }
}
