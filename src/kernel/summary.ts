/**
 * The exact figures of the calls of one minute that have place, method, route, status and outcome in common. They are
 * made where the traffic passes, of every call, also of those of which no exchange is kept.
 */
export type Summary = {
  readonly workspace: string;
  readonly environment: string;
  readonly bucket: string;
  /** Start of the minute, in ms since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly route: string;
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  readonly outcome: string;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** The sum. */
  readonly durationMs: number;
  /** An encoded `Histogram` of them. */
  readonly durations: Uint8Array;
};
