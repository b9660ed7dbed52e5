import { createHash } from "node:crypto";
import { TextDecoder } from "node:util";
import { plainBody } from "../../capture/plain-body.ts";
import type { CapturedBody, CapturedMessage, CapturedRecord, HeaderPair } from "../../capture/wire.ts";
import type { Frame } from "./frame.ts";
import type { Ruleset } from "./ruleset.ts";

const headersMax = 100;
const headerBytesMax = 16_384;
const errorCharactersMax = 1_000;
/** Of a body that was cut off within a character of UTF-8, so many bytes at most are no text. */
const cutBytesMax = 3;

type Side = "request" | "response";

/** One direction of an exchange, as it was seen. */
export type Message = {
  readonly headers: readonly HeaderPair[];
  readonly size: number;
  readonly bytes: Uint8Array;
};

export type Described = {
  readonly frame: Frame;
  readonly request: Message;
  readonly response: Message;
  /** The template, or null. */
  readonly route: string | null;
  readonly weight: number;
};

/** The record of an exchange, redacted. */
export async function capturedRecord(described: Described, rules: Ruleset): Promise<CapturedRecord> {
  const { frame, request, response, route, weight } = described;
  const { ending, error } = frame;
  const { redactor } = rules;
  return {
    ...identity(frame),
    host: hostOf(redactor.headers("request", request.headers)),
    target: redactor.target(ending.target),
    route,
    error: error && { type: error.type, message: redactor.text(error.message).slice(0, errorCharactersMax) },
    weight,
    request: await messageOf("request", request, rules),
    response: ending.status === null ? null : await messageOf("response", response, rules),
  };
}

/** What needs no redaction. */
export function identity(
  frame: Frame,
): Pick<
  CapturedRecord,
  "id" | "kind" | "parent" | "trace" | "startedAt" | "durationMs" | "method" | "status" | "outcome" | "ip"
> {
  const { id, kind, parent, traceparent, startedAt, durationMs, ending } = frame;
  const { method, status, outcome, ip } = ending;
  const trace = traceOf(traceparent);
  return {
    id,
    kind,
    parent,
    trace,
    startedAt,
    durationMs,
    method: method.toUpperCase(),
    status,
    outcome,
    ip: ip || null,
  };
}

export function hostOf(headers: readonly HeaderPair[]): string {
  return valueOf(headers, "host") ?? "";
}

export function valueOf(headers: readonly HeaderPair[], wanted: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === wanted)?.[1];
}

/** Of W3C Trace Context; a trace of zeros is none. */
function traceOf(traceparent: string): string | null {
  const trace = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/.exec(traceparent)?.[1];
  return trace === undefined || /^0+$/.test(trace) ? null : trace;
}

async function messageOf(
  side: Side,
  { headers, size, bytes }: Message,
  rules: Ruleset,
): Promise<CapturedMessage> {
  const body = bytes.length === 0 ? null : await bodyOf(side, { headers, size, bytes }, rules);
  return { headers: bounded(rules.redactor.headers(side, headers)), body, size };
}

function bounded(headers: readonly HeaderPair[]): readonly HeaderPair[] {
  let bytes = 0;
  return headers
    .slice(0, headersMax)
    .filter(([name, value]) => (bytes += name.length + value.length) <= headerBytesMax);
}

/** Null when it cannot be redacted, since nobody can look into it. */
async function bodyOf(
  side: Side,
  { headers, size, bytes }: Message,
  rules: Ruleset,
): Promise<CapturedBody | null> {
  const { bodyBytesMax } = rules.settings;
  const plain = await plainBody(bytes, headers, bodyBytesMax);
  if (plain === undefined) return null;
  const isCut = bytes.length < size || plain.truncated;
  const redacted = rules.redactor.body(side, plain.bytes, valueOf(headers, "content-type"), isCut);
  const room = redacted.subarray(0, bodyBytesMax);
  const truncated = isCut || room.length < redacted.length;
  const { content, kept } = contentOf(room, truncated);
  const sha256 = createHash("sha256").update(kept).digest("hex");
  return { ...content, size, sha256, truncated };
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

type Content = {
  readonly content: { readonly text: string } | { readonly base64: string };
  readonly kept: Uint8Array;
};

function contentOf(bytes: Uint8Array, truncated: boolean): Content {
  for (let cut = 0; cut <= (truncated ? cutBytesMax : 0); cut++) {
    const kept = bytes.subarray(0, bytes.length - cut);
    const text = textOf(kept);
    if (text !== undefined) return { content: { text }, kept };
  }
  const { buffer, byteOffset, length } = bytes;
  return { content: { base64: Buffer.from(buffer, byteOffset, length).toString("base64") }, kept: bytes };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
