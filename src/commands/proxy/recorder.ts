import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { plainBody } from "../../../capture/plain-body.ts";
import { typedPath } from "../../../capture/typed-path.ts";
import type { CapturedBody, CapturedMessage, CapturedRecord } from "../../../capture/wire.ts";
import { newExchangeId } from "../../kernel/id.ts";
import { fittingHeaders, fittingTarget } from "../../planes/traffic/fitting.ts";
import { sampled } from "../../planes/traffic/sampled.ts";
import { pathOf, seenIn } from "../../planes/traffic/seen.ts";
import { valueOf } from "./forwarded.ts";
import type { Losses } from "../../../capture/losses.ts";
import type { Observed, ObservedMessage } from "./observed.ts";
import type { ProxyRules } from "./proxy-rules.ts";
import type { SummaryTable } from "../../../capture/summary-table.ts";

/** Waiting to be redacted or sent. */
const waitingBytesMax = 32 * 1024 * 1024;
const waitingRecordsMax = 5_000;
const minuteMs = 60_000;

/** Makes records of what passed, redacted before they wait anywhere; counts everything, recorded or not. */
export class Recorder {
  readonly #summaries: SummaryTable;
  readonly #losses: Losses;
  readonly #ready: Buffer[] = [];
  #bytes = 0;
  #working = 0;
  #done: Promise<void> = Promise.resolve();
  #minute = { at: 0, payloads: 0 };
  passed = 0;

  constructor(summaries: SummaryTable, losses: Losses) {
    this.#summaries = summaries;
    this.#losses = losses;
  }

  /** Takes an exchange in; what is to be recorded of it is made later, one after the other. */
  observe(observed: Observed, rules: ProxyRules): void {
    this.passed += 1;
    this.#count(observed, rules);
    const [record] = sampled(frameOf(observed, rules), rules);
    if (record === undefined || rules.excludes(seenIn(record))) return;
    if (!this.#isWanted(observed.startedAt, rules)) {
      this.#losses.add("over_limit", { records: 1 });
      return;
    }
    const weight = observed.request.bytes.length + (observed.response?.bytes.length ?? 0);
    if (this.#bytes + weight > waitingBytesMax || this.#working + this.#ready.length >= waitingRecordsMax) {
      this.#losses.add("queue_full", { records: 1 });
      return;
    }
    this.#bytes += weight;
    this.#working += 1;
    this.#done = this.#done.then(async () => {
      const whole = rules.isKnown ? await completed(record, observed, rules) : shapeOf(record, observed);
      const bytes = Buffer.from(JSON.stringify(whole));
      this.#ready.push(bytes);
      this.#bytes += bytes.length - weight;
      this.#working -= 1;
    });
  }

  /** Resolves once all that was observed so far is ready. */
  get settled(): Promise<void> {
    return this.#done;
  }

  /** Takes the oldest out, as JSON: at most so many, and so many bytes together but for the first. */
  take(recordsMax: number, bytesMax: number): readonly Buffer[] {
    let bytes = 0;
    const end = this.#ready.findIndex((it, n) => (bytes += it.length) > bytesMax && n > 0);
    const taken = this.#ready.splice(0, Math.min(end === -1 ? recordsMax : end, recordsMax));
    this.#bytes -= taken.reduce((sum, it) => sum + it.length, 0);
    return taken;
  }

  #count(
    { startedAt, method, status, outcome, durationMs, target, ...of }: Observed,
    rules: ProxyRules,
  ): void {
    this.#summaries.add({
      at: startedAt,
      method,
      route: typedPath(rules.redactor.target(pathOf(target))).slice(0, 500),
      status: status ?? 0,
      outcome,
      requestBytes: of.request.size,
      responseBytes: of.response?.size ?? 0,
      durationMs,
    });
  }

  #isWanted(at: number, { payloadsPerMinuteMax }: ProxyRules): boolean {
    const minute = Math.floor(at / minuteMs);
    if (minute > this.#minute.at) this.#minute = { at: minute, payloads: 0 };
    return ++this.#minute.payloads <= payloadsPerMinuteMax;
  }
}

/** All but the messages' bodies, raw: what rules look at. */
function frameOf(observed: Observed, { redactor }: ProxyRules): CapturedRecord {
  const { request, response, error, ...rest } = observed;
  const traceparent = valueOf(request.headers, "traceparent") ?? "";
  return {
    ...rest,
    id: newExchangeId(observed.startedAt).slice("ex_".length),
    kind: "request",
    parent: null,
    trace: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent)?.[1] ?? null,
    route: null,
    error: error && { type: error.type, message: redactor.text(error.message).slice(0, 1_000) },
    weight: 1,
    request: bodiless(request),
    response: response && bodiless(response),
  };
}

function bodiless({ headers, size }: ObservedMessage): CapturedMessage {
  return { headers, body: null, size };
}

async function completed(
  record: CapturedRecord,
  observed: Observed,
  rules: ProxyRules,
): Promise<CapturedRecord> {
  return {
    ...record,
    host: record.host.slice(0, 300),
    target: fittingTarget(rules.redactor.target(record.target)),
    request: await messageOf("request", observed.request, rules),
    response: observed.response && (await messageOf("response", observed.response, rules)),
  };
}

/** While it is not known what has to be kept secret, nothing is told but the form of an exchange. */
function shapeOf(record: CapturedRecord, { request, response }: Observed): CapturedRecord {
  return {
    ...record,
    host: record.host.slice(0, 300),
    target: fittingTarget(typedPath(pathOf(record.target))),
    error: record.error && { type: record.error.type, message: "" },
    request: { headers: [], body: null, size: request.size },
    response: response && { headers: [], body: null, size: response.size },
  };
}

async function messageOf(
  side: "request" | "response",
  { headers, bytes, size }: ObservedMessage,
  { redactor, bodyBytesMax }: ProxyRules,
): Promise<CapturedMessage> {
  const plain = bytes.length === 0 ? undefined : await plainBody(bytes, headers, bodyBytesMax);
  const shown = fittingHeaders(redactor.headers(side, headers));
  if (plain === undefined) return { headers: shown, body: null, size };
  const cut = plain.bytes.subarray(0, bodyBytesMax);
  const truncated = size > bytes.length || plain.truncated || cut.length < plain.bytes.length;
  const kept = redactor.body(side, cut, valueOf(headers, "content-type"), truncated);
  return { headers: shown, body: bodyOf(kept, size, truncated), size };
}

function bodyOf(bytes: Uint8Array, size: number, truncated: boolean): CapturedBody {
  const buffer = Buffer.from(bytes);
  const facts = { size, sha256: hash("sha256", buffer), truncated };
  return isUtf8(buffer)
    ? { text: buffer.toString("utf8"), ...facts }
    : { base64: buffer.toString("base64"), ...facts };
}
