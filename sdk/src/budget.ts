// How much memory the agent may use in one process. What does not fit is left out of records, or is no record, and counted.

const mebibyte = 1_048_576;

/** The whole process. The parts below add up to it. */
export const processBytesMax = 32 * mebibyte;

/** Bodies of requests that are still under way, on the main thread. */
export const openBytesMax = 8 * mebibyte;

/** Handed to the worker and not looked at by it yet. Above `crowdedBytes` only what summaries need is handed over. */
export const ringBytes = 4 * mebibyte;
export const crowdedBytes = 3 * mebibyte;

/** Finished records that wait in the worker for their batch. */
export const queueBytesMax = 12 * mebibyte;
export const queueRecordsMax = 20_000;

/** Counts by minute and route that wait for their batch, estimated. */
export const summaryBytesMax = 2 * mebibyte;

/** The batch under way, before and after it is compressed. */
export const batchBytesMax = 3 * mebibyte;
export const batchRecordsMax = 1_000;
export const batchSummariesMax = 5_000;
