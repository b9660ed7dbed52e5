/** What both threads know of each other's work. Each figure is written by one thread alone, so that none needs a lock. */
const mainFigures = ["observed", "droppedFull", "lostRecords", "lostSummaries", "faults"] as const;
const workerFigures = [
  "queuedBytes",
  "queuedRecords",
  "queuedSummaries",
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
  "reportedFull",
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

const places: Readonly<Record<string, number>> = Object.fromEntries(
  figures.map((figure, at) => [figure, at]),
);

export function gauges(
  shared = new SharedArrayBuffer(figures.length * Float64Array.BYTES_PER_ELEMENT),
): Gauges {
  const values = new Float64Array(shared);
  return {
    shared,
    get: (figure) => values[places[figure] ?? 0] ?? 0,
    set: (figure, value) => void (values[places[figure] ?? 0] = value),
    add: (figure, value) => void (values[places[figure] ?? 0] = (values[places[figure] ?? 0] ?? 0) + value),
  };
}
