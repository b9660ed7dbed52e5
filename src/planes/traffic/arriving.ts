import type { CapturedBatch } from "./captured.ts";

/** Captured traffic on its way in. */
export type Arriving = {
  /** Of the batch: sent again, it counts once. */
  readonly id: string;
  readonly source: {
    readonly name: string;
    readonly version: string;
    readonly service: string;
    readonly instance: string;
  };
  readonly records: readonly unknown[];
  /** What was counted where the traffic passed; none = the records are all there is, and are counted here. */
  readonly summaries: readonly unknown[];
  /** Its summaries count its records, and its rules were applied to them. */
  readonly counted: boolean;
  /** What the sender could not keep. */
  readonly dropped: CapturedBatch["dropped"];
  readonly receivedAt: number;
};

export type Taken = {
  /** Records that are stored by now: those of a batch that was here before are counted again. */
  readonly accepted: number;
  /** Whether the batch was here before. */
  readonly duplicate: boolean;
  /** What a rule of exclusion or sampling left out. */
  readonly leftOut: number;
  readonly refused: readonly { readonly index: number; readonly pointer: string; readonly message: string }[];
  readonly refusedInAll: number;
  /** Revision of the settings in force. */
  readonly settings: string;
};
