import { randomBytes } from "node:crypto";
import { typedPath } from "../../capture/typed-path.ts";
import { defaultRules } from "../../capture/default-rules.ts";
import { redactor } from "../../capture/redactor.ts";
import type { CapturedMessage, CapturedRecord, HeaderPair } from "../../capture/wire.ts";
import { hostOf, identity, type Described, type Message } from "./captured.ts";

/** Headers whose values say how a message is built and nothing of what it says. */
const harmless: ReadonlySet<string> = new Set([
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "date",
  "host",
  "transfer-encoding",
  "vary",
]);

/** Of a value such as `text/plain; charset=utf-8`. */
const parameters = /;.*$/s;
const withheld = "REDACTED";

/** The key of a process's own: nothing that is replaced with it can be joined with anything. */
const own = redactor(defaultRules, randomBytes(32));

/** A path of which everything that the built-in rules know, and all that varies, is replaced. */
export function shapeOf(path: string): string {
  return typedPath(own.target(path));
}

/** A record that says nothing but the form of an exchange: while it is not known how to redact, nothing else leaves. */
export function shapeOnly({ frame, request, response, route, weight }: Described): CapturedRecord {
  const { error, ending } = frame;
  return {
    ...identity(frame),
    host: hostOf(request.headers),
    target: shapeOf(ending.target),
    route,
    error: error && { type: error.type, message: "" },
    weight,
    request: shapeOfMessage(request),
    response: ending.status === null ? null : shapeOfMessage(response),
  };
}

function shapeOfMessage({ headers, size }: Message): CapturedMessage {
  return { headers: headers.map(shapeOfHeader), body: null, size };
}

function shapeOfHeader([name, value]: HeaderPair): HeaderPair {
  return [name, harmless.has(name.toLowerCase()) ? value.replace(parameters, "") : withheld];
}
