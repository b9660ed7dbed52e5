/** What both threads know of each other's work. Each figure is written by one thread alone, so that none needs a lock. */
const mainFigures = [
  "observed",
  "handedBytes",
  "openBytes",
  "droppedFull",
  "lostRecords",
  "lostSummaries",
  "faults",
] as const;
const workerFigures = [
  "releasedBytes",
  "looked",
  "queuedBytes",
  "queuedRecords",
  "summaryBytes",
  "batchBytes",
  "sentRecords",
  "sentSummaries",
  "sentBatches",
  "failedTries",
  "droppedQueueFull",
  "droppedTooLarge",
  "droppedOverLimit",
  "droppedRejected",
  "droppedSummaries",
  "refused",
] as const;
const figures = [...mainFigures, ...workerFigures];

export type Figure = (typeof figures)[number];

/** The same memory on both threads. */
export type Gauges = {
  readonly shared: SharedArrayBuffer;
  get(figure: Figure): number;
  set(figure: Figure, value: number): void;
  add(figure: Figure, value: number): void;
};

export function gauges(
  shared = new SharedArrayBuffer(figures.length * Float64Array.BYTES_PER_ELEMENT),
): Gauges {
  const values = new Float64Array(shared);
  const places = new Map(figures.map((figure, at) => [figure, at]));
  const place = (figure: Figure) => places.get(figure) ?? 0;
  return {
    shared,
    get: (figure) => values[place(figure)] ?? 0,
    set: (figure, value) => void (values[place(figure)] = value),
    add: (figure, value) => void (values[place(figure)] = (values[place(figure)] ?? 0) + value),
  };
}
