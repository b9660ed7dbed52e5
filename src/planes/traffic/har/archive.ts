import { hash } from "node:crypto";
import type { CapturedRecord } from "../../../../capture/wire.ts";
import { Failure } from "../../../kernel/failure.ts";
import { parseJson } from "../../../registry/json-text.ts";
import { fittingTarget } from "../fitting.ts";
import { listOf, memberOf, numberOf, textOf } from "../loose-json.ts";
import { recordIdOf } from "../stored-record.ts";
import { messagesOf } from "./entry-messages.ts";

/** Entries of one archive. */
export const entriesMax = 5_000;

/** An entry as a record, or why it is none. */
export type Entry =
  | { readonly at: number; readonly record: CapturedRecord }
  | { readonly at: number; readonly pointer: string; readonly problem: string };

export type Archive = {
  /** What made it, such as `WebInspector 537.36`. */
  readonly creator: string;
  readonly entries: readonly Entry[];
};

/**
 * Reads a HAR 1.1 or 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as browsers and proxies write it.
 *
 * @throws Failure invalid when it is no archive, too_large above 5,000 entries
 */
export function archiveOf(har: unknown): Archive {
  const whole = typeof har === "string" ? parseJson(har.replace(/^\ufeff/, ""), "/har") : har;
  const log = memberOf(whole, "log");
  const entries = memberOf(log, "entries");
  if (!Array.isArray(entries))
    throw new Failure("invalid", "This is no HTTP archive: it has no log.entries.", {
      pointer: "/har",
      hint: "Save one by the network panel of a browser's developer tools: export HAR.",
    });
  if (entries.length > entriesMax)
    throw new Failure(
      "too_large",
      `An archive has at most ${entriesMax} entries; this has ${entries.length}.`,
      {
        pointer: "/har/log/entries",
      },
    );
  const creator = memberOf(log, "creator");
  const seen = new Map<string, number>();
  return {
    creator: `${textOf(creator, "name")} ${textOf(creator, "version")}`.trim().slice(0, 200),
    entries: listOf(log, "entries").map((entry, at) => entryOf(entry, at, seen)),
  };
}

/** `seen`: how often an entry that says the same came before. */
function entryOf(entry: unknown, at: number, seen: Map<string, number>): Entry {
  const request = memberOf(entry, "request");
  const url = URL.parse(textOf(request, "url"));
  const startedAt = Date.parse(textOf(entry, "startedDateTime"));
  if (url === null) return { at, pointer: "/request/url", problem: "It is no absolute URL." };
  if (!schemes.has(url.protocol))
    return {
      at,
      pointer: "/request/url",
      problem: `A ${url.protocol.slice(0, 40)} URL is no request over HTTP.`,
    };
  if (!(startedAt >= 0))
    return { at, pointer: "/startedDateTime", problem: "It is no moment such as 2026-11-20T12:00:00.000Z." };
  const record = recordOf(entry, url, startedAt);
  // Of what is read of it: the rest may be nested deeper than JSON can be written.
  const content = hash("sha256", JSON.stringify(record));
  const times = seen.get(content) ?? 0;
  seen.set(content, times + 1);
  return { at, record: { ...record, id: recordIdOf(startedAt, `${content}/${times}`) } };
}

/** WebSockets begin as a request over HTTP, which is what is recorded of them. */
const schemes: ReadonlySet<string> = new Set(["http:", "https:", "ws:", "wss:"]);

function recordOf(entry: unknown, url: URL, startedAt: number): Omit<CapturedRecord, "id"> {
  const request = memberOf(entry, "request");
  const response = memberOf(entry, "response");
  const status = numberOf(response, "status") ?? 0;
  const isAnswered = status >= 100;
  const { sent, answered } = messagesOf(request, response);
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
  const said =
    textOf(response, "_error") || textOf(response, "_failureText") || textOf(response, "statusText");
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
