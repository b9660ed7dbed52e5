import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { InvalidRule } from "../../../capture/invalid-rule.ts";
import { keepCounts } from "../../../capture/refused-counts.ts";
import type { CapturedBatch, CapturedSummary } from "../../../capture/wire.ts";
import type { Client, ClientAnswer } from "../../engines/outbound/client.ts";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import type { Losses } from "../../../capture/losses.ts";
import { proxyRules, ProxySettings, unknownRules, type ProxyRules } from "./proxy-rules.ts";
import type { Recorder } from "./recorder.ts";
import type { SummaryTable } from "../../../capture/summary-table.ts";

const compress = promisify(gzip);

const batchRecordsMax = 500;
const batchSummariesMax = 5_000;
/** Of the records of one batch as JSON, but for the first: gzipped it is below what the server takes. */
const batchBytesMax = 3 * 1024 * 1024;
const firstWaitMs = 1_000;
const waitMaxMs = 60_000;

export type DeliveryMeans = {
  readonly call: Client["call"];
  /** What says where the records belong. */
  readonly place: Readonly<Record<string, string>>;
  readonly version: string;
  readonly clock: Clock;
  readonly recorder: Recorder;
  readonly summaries: SummaryTable;
  readonly losses: Losses;
  /** Writes a line for the person who runs it. */
  readonly say: (line: string) => void;
};

type Batch = {
  readonly body: Buffer;
  readonly records: number;
  readonly summaries: readonly CapturedSummary[];
  readonly dropped: CapturedBatch["dropped"];
};

/** Fetches the rules and sends what was recorded; keeps a batch until the server has answered it for good. */
export class Delivery {
  readonly #means: DeliveryMeans;
  #rules = unknownRules();
  #etag: string | undefined;
  #batch: Batch | undefined;
  #failures = 0;
  #lastSaid = "";
  readonly #over = new AbortController();
  sent = 0;

  constructor(means: DeliveryMeans) {
    this.#means = means;
  }

  get rules(): ProxyRules {
    return this.#rules;
  }

  /**
   * Fetches the rules in force.
   *
   * @throws Failure when the server refuses; that it is away, or does not answer as it should, is said and nothing more
   */
  async refresh(): Promise<void> {
    const answer = await this.#ask("GET", "/capture/v1/settings", undefined, {
      ...(this.#etag !== undefined && { "if-none-match": this.#etag }),
    });
    if (answer === undefined || answer.status === 304) return;
    if (answer.status !== 200) throw refusalIn(answer);
    try {
      this.#rules = proxyRules(ProxySettings.parse(answer.json));
      const { etag } = answer.headers;
      this.#etag = typeof etag === "string" ? etag : undefined;
    } catch (error) {
      // Rules that are half understood would let through what they keep.
      this.#say(
        `The rules of the server are not understood${error instanceof InvalidRule ? ` (${error.message})` : ""}: those from before stay in force.`,
      );
    }
  }

  /** Sends what there is, again and again, until `stop` is called. */
  async run(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const wait = this.#failures === 0 ? this.#rules.flushEveryMs : this.#backoffMs();
      await sleep(wait, undefined, { signal: this.#over.signal }).catch(() => undefined);
      await this.refresh().catch((error: unknown) => this.#say(messageOf(error)));
      await this.flush();
    }
  }

  stop(): void {
    this.#over.abort();
  }

  /** Sends all that waits. @returns whether nothing is left */
  async flush(): Promise<boolean> {
    for (;;) {
      this.#batch ??= await this.#nextBatch();
      if (this.#batch === undefined) return true;
      const end = await this.#deliver(this.#batch);
      this.#failures = end === "taken" ? 0 : this.#failures + 1;
      if (end === "later") return false;
      this.#batch = undefined;
      if (end === "refused") return false;
    }
  }

  async #nextBatch(): Promise<Batch | undefined> {
    const { recorder, summaries: table, losses, clock, version } = this.#means;
    const records = recorder.take(batchRecordsMax, batchBytesMax);
    const summaries = table.take(batchSummariesMax);
    if (records.length === 0 && summaries.length === 0 && losses.isNone) return undefined;
    const dropped = losses.take();
    const head = JSON.stringify({
      id: randomBytes(16).toString("hex"),
      agent: { name: "sluice-proxy", version, service: "", instance: "" },
      sentAt: clock.now(),
      counted: true,
      summaries,
      dropped,
    });
    const text = Buffer.concat([
      Buffer.from(`${head.slice(0, -1)},"records":[`),
      ...records.flatMap((record, n) => (n === 0 ? [record] : [comma, record])),
      Buffer.from("]}"),
    ]);
    return { body: await compress(text), records: records.length, summaries, dropped };
  }

  async #deliver(batch: Batch): Promise<"taken" | "refused" | "later"> {
    const { losses, summaries: table } = this.#means;
    const answer = await this.#ask("POST", "/capture/v1/batches", batch.body, {
      "content-type": "application/json",
      "content-encoding": "gzip",
    }).catch((error: unknown) => this.#say(messageOf(error)));
    if (answer === undefined) return "later";
    if (answer.status >= 200 && answer.status < 300) {
      this.sent += batch.records;
      this.#lastSaid = "";
      return "taken";
    }
    this.#say(`${refusalIn(answer).message} What was recorded is dropped.`);
    losses.restore(batch.dropped);
    const { records, summaries } = batch;
    const lost = keepCounts(table, { status: answer.status, recordCount: records, summaries });
    losses.add("rejected", { records, summaries: lost });
    return "refused";
  }

  /** undefined = ask again later. */
  async #ask(
    method: string,
    path: string,
    body: Buffer | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<ClientAnswer | undefined> {
    const { call, place } = this.#means;
    try {
      const answer = await call(method, path, body, { ...place, ...headers });
      if (answer.status !== 408 && answer.status !== 429 && answer.status < 500) return answer;
      this.#say(`The server of Sluice answers ${answer.status}: what is recorded waits.`);
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "unavailable") throw error;
      this.#say(`${error.message} What is recorded waits.`);
    }
    return undefined;
  }

  #backoffMs(): number {
    return Math.min(firstWaitMs * 2 ** (this.#failures - 1), waitMaxMs);
  }

  /** Once, however often it is so. */
  #say(line: string): undefined {
    if (line !== this.#lastSaid) this.#means.say(line);
    this.#lastSaid = line;
    return undefined;
  }
}

const comma = Buffer.from(",");

function messageOf(error: unknown): string {
  return error instanceof Failure ? error.message : `bug: ${String(error)}`;
}

/** What the server said against it. */
function refusalIn({ status, json }: ClientAnswer): Failure {
  const said = typeof json === "object" && json !== null && "detail" in json ? String(json.detail) : "";
  const hint = typeof json === "object" && json !== null && "hint" in json ? String(json.hint) : undefined;
  const kind = status === 401 ? "unauthenticated" : status === 403 ? "forbidden" : "invalid";
  return new Failure(kind, `The server of Sluice refuses (${status}): ${said || "it does not say why"}`, {
    ...(hint !== undefined && { hint }),
  });
}
