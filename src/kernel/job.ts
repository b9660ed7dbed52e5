/** Work that follows from an exchange, as whoever wants it done hands it over. */
export type NewJob = {
  /** Chosen by the caller; a job whose id is already open is not added again (idempotent enqueue). */
  readonly id: string;
  readonly workspace: string;
  /** Which handler does it, such as `deliver`. */
  readonly name: string;
  /** What the handler needs, JSON, at most 64 KiB. Never a body: those are in `recent`. */
  readonly payload: string;
  /** Jobs of one lane share its hold and limit, and lanes are served in turn. */
  readonly lane: string;
  /** Within a lane at most one job per key is claimed at a time, in due order; null = no ordering. */
  readonly key: string | null;
  readonly dueAt: number;
  /** Attempts made so far. */
  readonly attempt: number;
  /** The event it works for and when that was received: pending work is accounted by them. */
  readonly exchange: string;
  readonly receivedAt: number;
  readonly subject: string;
};
