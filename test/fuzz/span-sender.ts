import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { z } from "zod";
import type { Place } from "../../src/planes/traffic/live-places.ts";
import { fieldKey, ProtobufReader } from "../../src/planes/traffic/otlp/protobuf.ts";
import { recordIdOf } from "../../src/planes/traffic/stored-record.ts";
import type { Made } from "../capture/spans.ts";
import type { RunningWorld } from "../running-world.ts";
import { captureCredential } from "./batch-sender.ts";
import type { Books } from "./capture-books.ts";
import { excludedPath, noon } from "./captured-records.ts";
import { post } from "./post.ts";
import { encodings, type Exported } from "./span-requests.ts";

const durationMsMax = 30 * 86_400_000;

/** Exports spans and writes down what was answered. Answers whether they were taken. */
export async function openSpanSender(
  world: RunningWorld,
  workspace: string,
  books: Books,
): Promise<(exported: Exported) => Promise<boolean>> {
  const credential = await captureCredential(world, workspace);
  const known = new Set<string>();
  return async (exported) => {
    const { signal, body, type, encoding, bucket, environment, meant } = exported;
    const was = world.commits();
    const headers = {
      ...credential,
      "content-type": type,
      "content-encoding": encoding,
      "x-sluice-bucket": bucket,
      ...(environment !== "production" && { "x-sluice-environment": environment }),
    };
    const response = await post(`${world.url}/otlp/v1/${signal}`, headers, body);
    const bytes = Buffer.from(await response.arrayBuffer());
    const answered = response.headers.get("content-type");
    assert.ok(response.status < 500, `${response.status} ${world.log.at(-1)}`);
    assert.equal(answered, type === encodings.protobuf ? encodings.protobuf : encodings.json);
    if (response.status !== 200) {
      const status = answered === encodings.json ? jsonStatus(bytes) : protobufStatus(bytes);
      assert.ok(status.code > 0 && status.message !== "", `${status.code} ${status.message}`);
      if (meant !== "either") assert.equal(response.status, meant, status.message);
      assert.equal(world.commits(), was, `refused by ${response.status}, and yet something was written`);
      return false;
    }
    assert.ok(meant === "taken" || meant === "either", `taken: ${meant}`);
    const rejected = answered === encodings.json ? jsonRejected(bytes) : protobufRejected(bytes);
    if (exported.resources === undefined) return true;
    assert.equal(rejected.count, await entered(exported.resources, bucket), rejected.why);
    assert.equal(rejected.why === "", rejected.count === 0);
    return true;
  };

  /** Answers how many spans cannot be recorded. */
  async function entered(resources: readonly (readonly Made[])[], bucket: string): Promise<number> {
    const place = await books.place(bucket);
    let refused = 0;
    for (const all of resources.map((spans) => spans.filter(isExchange))) {
      if (all.length === 0) continue;
      const ids = all.map(idOf);
      const good = all.filter(({ durationMs = 0 }) => durationMs <= durationMsMax);
      const kept = good.filter((span) => !isExcluded(span));
      const batch = hash("sha256", ids.join()).slice(0, 32);
      refused += all.length - good.length;
      books.receipt({
        batch,
        accepted: kept.length,
        leftOut: good.length - kept.length,
        refused: all.length - good.length,
      });
      if (known.has(`${place.id}/${batch}`)) continue;
      known.add(`${place.id}/${batch}`);
      const isNew = books.newRecords(place);
      for (const span of good) enter(span, place, isNew(idOf(span)));
    }
    return refused;
  }

  function enter(span: Made, place: Place, counts: boolean): void {
    const { startedAt = noon, durationMs = 0, traceId: trace = null } = span;
    const [method, status, count] = [methodOf(span), statusOf(span), weightOf(span)];
    const outcome = status === null ? "failed" : "answered";
    const kind = span.kind === 2 ? "request" : "outbound";
    const look = { kind, method, status, outcome, startedAt, durationMs, trace };
    if (!isExcluded(span))
      books.stored(place, idOf(span), (exchange) => assert.partialDeepStrictEqual(exchange, look));
    if (!counts || kind !== "request") return;
    books.counted({
      at: startedAt,
      method,
      route: "",
      status: status ?? 0,
      outcome,
      count,
      durationMs: durationMs * count,
      requestBytes: null,
      responseBytes: null,
    });
  }
}

function idOf({ traceId = "", spanId, startedAt = noon }: Made): string {
  return recordIdOf(startedAt, `${traceId}/${spanId}`);
}

function isExchange({ kind, attributes = {} }: Made): boolean {
  return (
    (kind === 2 || kind === 3) && Boolean(attributes["http.request.method"] ?? attributes["http.method"])
  );
}

function isExcluded({ attributes = {} }: Made): boolean {
  return attributes["url.path"] === excludedPath;
}

/** What is no method is told as OTHER. */
function methodOf({ attributes = {} }: Made): string {
  const method = String(attributes["http.request.method"] ?? attributes["http.method"]).toUpperCase();
  return method === "_OTHER" ? "OTHER" : method;
}

function statusOf({ attributes = {} }: Made): number | null {
  const status = attributes["http.response.status_code"] ?? attributes["http.status_code"];
  return status === undefined || status === true || status === 999 ? null : Number(status);
}

/** For how many requests a span stands, by what its sampler said. */
function weightOf({ traceState = "" }: Made): number {
  if (traceState === "ot=th:8") return 2;
  return traceState === "ot=th:ffffffffffffff" ? 1_000_000 : 1;
}

type Rejected = { readonly count: number; readonly why: string };
type Status = { readonly code: number; readonly message: string };

const JsonAnswer = z.strictObject({
  partialSuccess: z
    .strictObject({ rejectedSpans: z.int().min(1), errorMessage: z.string().min(1) })
    .optional(),
});

function jsonRejected(bytes: Buffer): Rejected {
  const { partialSuccess } = JsonAnswer.parse(JSON.parse(bytes.toString()));
  return { count: partialSuccess?.rejectedSpans ?? 0, why: partialSuccess?.errorMessage ?? "" };
}

function jsonStatus(bytes: Buffer): Status {
  return z.strictObject({ code: z.int(), message: z.string() }).parse(JSON.parse(bytes.toString()));
}

/** An ExportTraceServiceResponse, of which field 1 is the partial success. */
function protobufRejected(bytes: Buffer): Rejected {
  if (bytes.length === 0) return { count: 0, why: "" };
  const response = new ProtobufReader(bytes);
  assert.equal(response.next(), fieldKey(1, "bytes"));
  const { code: count, message: why } = numberAndText(response.message());
  assert.equal(response.next(), 0);
  assert.ok(count > 0 && why !== "");
  return { count, why };
}

/** A google.rpc.Status. */
function protobufStatus(bytes: Buffer): Status {
  return numberAndText(new ProtobufReader(bytes));
}

function numberAndText(reader: ProtobufReader): Status {
  assert.equal(reader.next(), fieldKey(1, "varint"));
  const code = reader.varint();
  assert.equal(reader.next(), fieldKey(2, "bytes"));
  return { code, message: reader.text() };
}
