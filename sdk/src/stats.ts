import type { Gauges } from "./gauges.ts";

/** What the agent did since it began, and holds now. */
export type CaptureStats = {
  /** False when it was stopped, or never began: `trouble` says why. */
  readonly isRunning: boolean;
  /** Revision of the server's settings in force; null while nothing but shapes is recorded. */
  readonly settings: string | null;
  /** Why the settings of the server are not in force, or null. */
  readonly trouble: string | null;
  /** Requests and outbound calls that were seen. */
  readonly observed: number;
  readonly sent: { readonly records: number; readonly summaries: number; readonly batches: number };
  /** Records by why they were lost, and how many counts of summaries were. `refused` by the server, one by one. */
  readonly dropped: Readonly<
    Record<
      "queueFull" | "tooLarge" | "overLimit" | "rejected" | "agentFailed" | "refused" | "summaries",
      number
    >
  >;
  /** Tries to send that failed. */
  readonly failedTries: number;
  /** Bytes that are held, on both threads together. At most 32 MiB. */
  readonly heldBytes: number;
  /** Errors within the agent, which the process did not see. */
  readonly faults: number;
};

export function statsOf(
  figures: Gauges,
  now: Pick<CaptureStats, "isRunning" | "settings" | "trouble"> & { mainBytes: number },
): CaptureStats {
  const { mainBytes, ...state } = now;
  const of = figures.get;
  return {
    ...state,
    observed: of("observed"),
    sent: { records: of("sentRecords"), summaries: of("sentSummaries"), batches: of("sentBatches") },
    dropped: {
      queueFull: of("droppedQueueFull") + of("droppedFull"),
      tooLarge: of("droppedTooLarge"),
      overLimit: of("droppedOverLimit"),
      rejected: of("droppedRejected"),
      agentFailed: of("lostRecords"),
      refused: of("refused"),
      summaries: of("droppedSummaries") + of("droppedFull") + of("lostSummaries"),
    },
    failedTries: of("failedTries"),
    heldBytes: mainBytes + of("queuedBytes") + of("summaryBytes") + of("batchBytes"),
    faults: of("faults"),
  };
}
