import { Backoff } from "./backoff.ts";
import { batchOf, type Batch } from "./batch.ts";
import { batchBytesMax, batchRecordsMax, batchSummariesMax } from "./budget.ts";
import { call, type Answer } from "./call.ts";
import { steadyMs, wallMs } from "./clock.ts";
import type { Gauges } from "./gauges.ts";
import type { Losses } from "../../capture/losses.ts";
import { addressOf, headersOfPlace, type Place } from "./place.ts";
import type { RecordQueue } from "./record-queue.ts";
import { keepCounts } from "../../capture/refused-counts.ts";
import type { SummaryTable } from "../../capture/summary-table.ts";
import { agentName, agentVersion } from "./version.ts";

/** Summaries of a minute that is not over are sent so often: each time is a row for every route. */
const summariesEveryMs = 10_000;
/** Batches that one round sends at most; what is left waits for the next round. */
const batchesPerRound = 64;

export type Waiting = {
  readonly queue: RecordQueue;
  readonly summaries: SummaryTable;
  readonly losses: Losses;
};
export type Identity = { readonly service: string; readonly instance: string };

/** Sends what waits, one batch after the other, and keeps a batch until the server has answered it for good. */
export class Delivery {
  readonly #place: Place;
  readonly #identity: Identity;
  readonly #waiting: Waiting;
  readonly #gauges: Gauges;
  readonly #backoff = new Backoff();
  #batch: Batch | undefined;
  #summariesSentAt = Number.NEGATIVE_INFINITY;
  #round: Promise<boolean> = Promise.resolve(true);
  /** Of the settings in force at the server, as far as its answers said. */
  revision: string | undefined;

  constructor(place: Place, identity: Identity, waiting: Waiting, gauges: Gauges) {
    this.#place = place;
    this.#identity = identity;
    this.#waiting = waiting;
    this.#gauges = gauges;
  }

  /** Sends what waits, unless a failure has to be waited out. */
  async tick(): Promise<void> {
    if (this.#backoff.isDue) await this.#next(false);
  }

  /** Tries to send all there is, at once. @returns whether nothing is left */
  async flush(): Promise<boolean> {
    return this.#next(true);
  }

  /** Rounds follow each other: a batch is sent by one of them only. */
  async #next(everything: boolean): Promise<boolean> {
    const before = this.#round;
    const mine = before.then(() => this.#send(everything));
    this.#round = mine.catch(() => false);
    return mine;
  }

  async #send(everything: boolean): Promise<boolean> {
    for (let sent = 0; sent < batchesPerRound; sent++) {
      this.#batch ??= await this.#freeze(everything);
      if (this.#batch === undefined) return true;
      const result = await this.#try(this.#batch);
      if (result === "again") return false;
      this.#batch = undefined;
      this.#gauges.set("batchBytes", 0);
      if (result === "rejected") return false;
    }
    return false;
  }

  async #freeze(everything: boolean): Promise<Batch | undefined> {
    const { queue, summaries, losses } = this.#waiting;
    const areSummariesDue = everything || steadyMs() - this.#summariesSentAt >= summariesEveryMs;
    const counted = areSummariesDue ? summaries.take(batchSummariesMax) : [];
    if (areSummariesDue) this.#summariesSentAt = steadyMs();
    const records = queue.take(batchRecordsMax, batchBytesMax);
    this.measure();
    if (records.length === 0 && counted.length === 0 && losses.isNone) return undefined;
    const { service, instance } = this.#identity;
    const agent = { name: agentName, version: agentVersion, service, instance };
    const batch = await batchOf({ records, summaries: counted, dropped: losses.take() }, agent, wallMs());
    this.#gauges.set("batchBytes", batch.body.length);
    return batch;
  }

  async #try(batch: Batch): Promise<"accepted" | "rejected" | "again"> {
    const answer = await this.#post(batch);
    if (answer === undefined || isPassing(answer.status)) {
      this.#gauges.add("failedTries", 1);
      this.#backoff.failed(answer?.headers["retry-after"]);
      return "again";
    }
    const isAccepted = answer.status >= 200 && answer.status < 300;
    if (isAccepted) this.#accepted(batch, answer.text);
    else this.#rejected(batch, answer);
    return isAccepted ? "accepted" : "rejected";
  }

  async #post({ body }: Batch): Promise<Answer | undefined> {
    const headers = {
      ...headersOfPlace(this.#place),
      "Content-Type": "application/json",
      "Content-Encoding": "gzip",
      "Content-Length": `${body.length}`,
    };
    try {
      return await call({ method: "POST", url: addressOf(this.#place, "capture/v1/batches"), headers, body });
    } catch {
      return undefined;
    }
  }

  #accepted({ recordCount, summaries }: Batch, text: string): void {
    this.#backoff.succeeded();
    const { refused, settings } = receiptOf(text);
    this.revision = settings ?? this.revision;
    this.#gauges.add("refused", refused);
    this.#gauges.add("sentRecords", recordCount - refused);
    this.#gauges.add("sentSummaries", summaries.length);
    this.#gauges.add("sentBatches", 1);
  }

  /** The same bytes would be refused again: records are lost. */
  #rejected({ recordCount, summaries, dropped }: Batch, { status, headers }: Answer): void {
    const { losses, summaries: table } = this.#waiting;
    const lost = keepCounts(table, { status, recordCount, summaries });
    this.#gauges.add("failedTries", 1);
    this.#gauges.add("droppedRejected", recordCount);
    this.#gauges.add("droppedSummaries", lost);
    losses.restore(dropped);
    losses.add("rejected", { records: recordCount, summaries: lost });
    this.measure();
    this.#backoff.failed(headers["retry-after"]);
  }

  /** Says what waits. */
  measure(): void {
    const { queue, summaries } = this.#waiting;
    this.#gauges.set("queuedBytes", queue.bytes);
    this.#gauges.set("queuedRecords", queue.length);
    this.#gauges.set("queuedSummaries", summaries.length);
    this.#gauges.set("summaryBytes", summaries.bytes);
  }
}

/** Answers after which the same batch may be taken later. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** The server took the batch, whatever it said about it: what cannot be read is taken for nothing. */
function receiptOf(text: string): { readonly refused: number; readonly settings: string | undefined } {
  try {
    const receipt: unknown = JSON.parse(text);
    if (typeof receipt !== "object" || receipt === null) return { refused: 0, settings: undefined };
    const { refused, settings } = receipt as { refused?: unknown; settings?: unknown };
    return {
      refused: Array.isArray(refused) ? refused.length : 0,
      settings: typeof settings === "string" ? settings : undefined,
    };
  } catch {
    return { refused: 0, settings: undefined };
  }
}
