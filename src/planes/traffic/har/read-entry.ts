import type { CapturedRecord } from "../../../../capture/wire.ts";
import { fittingTarget } from "../fitting.ts";
import { memberOf, numberOf, textOf } from "../loose-json.ts";
import { cutOf } from "./cut-entry.ts";
import { messagesOf } from "./entry-messages.ts";

/** What an entry says, or why it is no request: an id has only what is told apart from others of its archive. */
export type ReadEntry =
  | { readonly record: Omit<CapturedRecord, "id"> }
  | { readonly pointer: string; readonly problem: string };

export function readEntry(entry: unknown): ReadEntry {
  const request = memberOf(entry, "request");
  const url = URL.parse(textOf(request, "url"));
  const startedAt = Date.parse(textOf(entry, "startedDateTime"));
  if (url === null) return { pointer: "/request/url", problem: "It is no absolute URL." };
  if (!schemes.has(url.protocol))
    return {
      pointer: "/request/url",
      problem: `A ${url.protocol.slice(0, 40)} URL is no request over HTTP.`,
    };
  if (!(startedAt >= 0))
    return { pointer: "/startedDateTime", problem: "It is no moment such as 2026-11-20T12:00:00.000Z." };
  return { record: recordOf(entry, url, startedAt) };
}

/** WebSockets begin as a request over HTTP, which is what is recorded of them. */
const schemes: ReadonlySet<string> = new Set(["http:", "https:", "ws:", "wss:"]);

function recordOf(entry: unknown, url: URL, startedAt: number): Omit<CapturedRecord, "id"> {
  const request = memberOf(entry, "request");
  const response = memberOf(entry, "response");
  const status = numberOf(response, "status") ?? 0;
  const isAnswered = status >= 100;
  const { sent, answered } = messagesOf(request, response, cutOf(entry).sentBytes);
  const traceparent = sent.headers.find(([name]) => name.toLowerCase() === "traceparent")?.[1];
  return {
    kind: "request",
    parent: null,
    trace: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(traceparent ?? "")?.[1] ?? null,
    startedAt,
    durationMs: durationOf(entry),
    method: textOf(request, "method").toUpperCase(),
    host: url.host,
    target: fittingTarget(url.pathname + url.search),
    route: null,
    status: isAnswered ? status : null,
    ...(isAnswered ? { outcome: "answered", error: null } : unanswered(response)),
    ip: null,
    weight: 1,
    request: sent,
    response: isAnswered ? answered : null,
  };
}

/** A status of 0: nothing was answered. Chromium says why; pages that were left have their requests taken back. */
function unanswered(response: unknown): Pick<CapturedRecord, "outcome" | "error"> {
  const said = saidOf(response);
  const isAborted = /ABORTED|BINDING_ABORTED|cancell?ed/i.test(said);
  return {
    outcome: isAborted ? "aborted" : "failed",
    error: said === "" ? null : { type: said.slice(0, 100), message: "" },
  };
}

/** `time` may be missing, -1 or not a number; then it is what its parts come to. */
function durationOf(entry: unknown): number {
  const time = numberOf(entry, "time");
  if (time !== undefined && time >= 0) return time;
  const timings = memberOf(entry, "timings");
  const parts = ["blocked", "dns", "connect", "send", "wait", "receive"];
  return parts.reduce((sum, part) => sum + Math.max(numberOf(timings, part) ?? 0, 0), 0);
}

/** Why nothing was answered, as the browser has it. */
export function saidOf(response: unknown): string {
  return textOf(response, "_error") || textOf(response, "_failureText") || textOf(response, "statusText");
}
