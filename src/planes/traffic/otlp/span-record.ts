import type { CapturedBody, CapturedMessage, CapturedRecord } from "../../../../capture/wire.ts";
import { fittingTarget } from "../fitting.ts";
import { bodyBytesKept } from "../settings.ts";
import { recordIdOf } from "../stored-record.ts";
import {
  countOf,
  headersOf,
  hostOf,
  methodOf,
  oneOf,
  statusOf,
  targetOf,
  textOf,
  urlOf,
} from "./http-attributes.ts";
import { errorCode, kinds, type Attributes, type Raised, type Span } from "./span.ts";
import type { Joined } from "./trace-memory.ts";

const nsPerMs = 1_000_000n;
const routeCharactersMax = 500;

/** Whether a span is of what is recorded: a request to a server or a call of one, over HTTP. */
export function isExchange({ kind, attributes }: Span): boolean {
  return (kind === kinds.server || kind === kinds.client) && methodOf(attributes) !== undefined;
}

/** Why a span cannot be recorded; undefined = it can. */
export function unusable({ traceId, spanId, startNs }: Span): string | undefined {
  if (!isId(traceId, 32)) return "trace_id is not 16 bytes that are not all zero";
  if (!isId(spanId, 16)) return "span_id is not 8 bytes that are not all zero";
  return startNs === 0n ? "start_time_unix_nano is missing" : undefined;
}

function isId(id: string, digits: number): boolean {
  return id.length === digits && /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id);
}

/** The record that a span becomes: the same span becomes the same one whenever it is sent. */
export function recordOfSpan(span: Span, joined: Joined): CapturedRecord {
  const { attributes, startNs, endNs } = span;
  const isServer = span.kind === kinds.server;
  const status = statusOf(attributes);
  return {
    id: idOf(span),
    kind: isServer ? "request" : "outbound",
    parent: isServer ? null : parentOf(span, joined),
    trace: span.traceId,
    startedAt: Number(startNs / 1_000n) / 1_000,
    durationMs: endNs > startNs ? Number(endNs - startNs) / 1e6 : 0,
    method: methodOf(attributes) ?? "OTHER",
    ...(isServer ? asked(attributes, status) : called(attributes)),
    status,
    outcome: status === null ? "failed" : "answered",
    error: errorOf(span, status, joined),
    weight: weightOf(span),
    request: messageOf("request", attributes),
    response: status === null ? null : messageOf("response", attributes),
  };
}

type Where = Pick<CapturedRecord, "host" | "target" | "route" | "ip">;

/** What a server was asked for, and by whom. */
function asked(attributes: Attributes, status: number | null): Where {
  const route = textOf(attributes, "http.route").slice(0, routeCharactersMax);
  const address = textOf(attributes, ...callers).slice(0, 64);
  // Frameworks give what they found nothing for the route that catches everything.
  const isTemplate = route !== "" && !(status === 404 && route.endsWith("*"));
  return {
    host: hostOf(attributes),
    target: fittingTarget(targetOf(attributes) || route),
    route: isTemplate ? route : null,
    ip: address === "" ? null : address,
  };
}

/** What a client asked for. */
function called(attributes: Attributes): Where {
  const url = urlOf(attributes);
  const template = textOf(attributes, "url.template").slice(0, routeCharactersMax);
  return {
    host: url === null ? hostOf(attributes) : url.host,
    target: fittingTarget(url === null ? targetOf(attributes) : url.pathname + url.search),
    route: template === "" ? null : template,
    ip: null,
  };
}

const callers = [
  "client.address",
  "http.client_ip",
  "network.peer.address",
  "net.sock.peer.addr",
  "net.peer.ip",
];

function idOf({ traceId, spanId, startNs }: Pick<Span, "traceId" | "spanId" | "startNs">): string {
  return recordIdOf(Number(startNs / nsPerMs), `${traceId}/${spanId}`);
}

/** A parent that seems to begin later than what it caused is none: clocks were changed. */
function parentOf(span: Span, joined: Joined): string | null {
  const server = joined.serverOf(span);
  if (server === undefined || server.startNs / nsPerMs > span.startNs / nsPerMs) return null;
  return idOf({ traceId: span.traceId, ...server });
}

/** An exception of its own, or of what it did where it ended badly, or else what it says itself. */
function errorOf(span: Span, status: number | null, joined: Joined): Raised | null {
  const { raised, attributes, status: said } = span;
  const isFaulty = said.code === errorCode || (status ?? 500) >= 500;
  const found = raised ?? (isFaulty ? joined.raisedUnder(span) : undefined);
  if (found !== undefined) return found;
  const type = textOf(attributes, "error.type").slice(0, 100);
  const message = said.message.slice(0, 1_000);
  // For an answer of 500 the conventions put the status there, which is known already.
  if (type !== "" && !/^\d+$/.test(type)) return { type, message };
  return said.code === errorCode && message !== "" ? { type: "error", message } : null;
}

/** The threshold that a sampler noted (`ot=th:…`, "TraceState: Probability Sampling"): what is there stands for more. */
function weightOf({ traceState }: Span): number {
  const threshold = /(?:^|,)\s*ot=(?:[^,]*;)?th:([0-9a-f]{1,14})(?:[;,]|$)/.exec(traceState)?.[1];
  if (threshold === undefined) return 1;
  const share = 1 - Number.parseInt(threshold.padEnd(14, "0"), 16) / 2 ** 56;
  return share > 1e-6 ? 1 / share : 1_000_000;
}

function messageOf(side: "request" | "response", attributes: Attributes): CapturedMessage {
  const headers = headersOf(side, attributes);
  const content = oneOf(attributes, [`http.${side}.body.content`]);
  const length = headers.find(([name]) => name === "content-length")?.[1];
  const declared =
    countOf(attributes, `http.${side}.body.size`, `http.${side}_content_length`) ??
    (length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined);
  if (typeof content !== "string" && !(content instanceof Uint8Array))
    return { headers, body: null, size: declared ?? 0 };
  const body = bodyOf(typeof content === "string" ? Buffer.from(content) : content, declared);
  return { headers, body, size: body.size };
}

/** What an exporter has is all there is or its beginning; more than is stored is not handed on. */
function bodyOf(content: Uint8Array, declared: number | undefined): CapturedBody {
  const size = Math.max(declared ?? 0, content.length);
  const kept = Buffer.from(content.subarray(0, bodyBytesKept));
  return { base64: kept.toString("base64"), size, sha256: "", truncated: size > kept.length };
}
