export type Summary = {
  readonly workspace: string;
  readonly environment: string;
  readonly bucket: string;
  readonly at: number;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly outcome: string;
  readonly count: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly durationMs: number;
  readonly durations: readonly (readonly [slot: number, count: number])[];
};
