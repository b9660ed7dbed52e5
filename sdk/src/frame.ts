import type { BodyTee } from "./body-tee.ts";
import { steadyMs } from "./clock.ts";
import type { Ending, Observation, Outcome } from "./observation.ts";

const headBytes = 12;
/** A UTF-16 unit takes at most so many bytes in UTF-8. */
const bytesPerUnit = 3;
const between = "\0";

/** A finished exchange as it crosses to the worker: three lengths, the text, both bodies. */
export type Frame = {
  readonly kind: "request" | "outbound";
  readonly id: string;
  readonly parent: string | null;
  readonly traceparent: string;
  readonly startedAt: number;
  readonly durationMs: number;
  readonly route: string | null;
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly ending: Ending;
  readonly request: FrameBody;
  readonly response: FrameBody;
  /** False when only what summaries need was handed over. */
  readonly whole: boolean;
};

type FrameBody = { readonly size: number; readonly bytes: Uint8Array };

/** What it takes at most. */
export function frameBytesMax(text: string, { request, response }: Observation, whole: boolean): number {
  return headBytes + text.length * bytesPerUnit + (whole ? request.kept + response.kept : 0);
}

/** @returns how many bytes it took */
export function writeFrame(bytes: Buffer, text: string, observed: Observation, whole: boolean): number {
  const textBytes = bytes.write(text, headBytes);
  const requestStart = headBytes + textBytes;
  const requestBytes = whole ? writeBody(bytes, requestStart, observed.request) : 0;
  const responseBytes = whole ? writeBody(bytes, requestStart + requestBytes, observed.response) : 0;
  bytes.writeUInt32LE(textBytes, 0);
  bytes.writeUInt32LE(requestBytes, 4);
  bytes.writeUInt32LE(responseBytes, 8);
  return requestStart + requestBytes + responseBytes;
}

function writeBody(bytes: Buffer, start: number, { parts }: BodyTee): number {
  let at = start;
  for (const part of parts)
    if (typeof part === "string") at += bytes.write(part, at);
    else {
      bytes.set(part, at);
      at += part.length;
    }
  return at - start;
}

/** The text of a frame. Header lines cannot hold a NUL, nor a target a line break: the parser of HTTP sees to it. */
export function frameText(observed: Observation, ending: Ending, whole: boolean): string {
  const { kind, cause, parent, startedAt, startedSteady, request, response } = observed;
  const { error } = cause;
  const fields = `${whole ? 1 : 0}\n${kind}\n${cause.id}\n${parent}\n${startedAt}\n${steadyMs() - startedSteady}\n${request.size}\n${response.size}\n${ending.method}\n${ending.status ?? 0}\n${ending.outcome}\n${cause.route === null ? "" : line(cause.route)}`;
  if (!whole) return `${fields}\n${ending.target}`;
  const said = error === null ? "" : `${line(error.type)}\n${line(error.message)}`;
  return `${fields}\n${ending.target}\n${ending.ip}\n${cause.traceparent}\n${said}${between}${ending.requestHead}${between}${ending.responseHead}`;
}

function line(text: string): string {
  return text.replaceAll(unfit, " ");
}

// oxlint-disable-next-line no-control-regex -- NUL is what separates the parts of a frame
const unfit = /[\n\r\0]/g;

/** Undoes `writeFrame`. Bodies are views of the bytes. */
export function frameOf(bytes: Buffer): Frame {
  const textEnd = headBytes + bytes.readUInt32LE(0);
  const requestEnd = textEnd + bytes.readUInt32LE(4);
  const responseEnd = requestEnd + bytes.readUInt32LE(8);
  const bodies = {
    request: bytes.subarray(textEnd, requestEnd),
    response: bytes.subarray(requestEnd, responseEnd),
  };
  return parsed(bytes.toString("utf8", headBytes, textEnd), bodies);
}

function parsed(text: string, bodies: { readonly request: Buffer; readonly response: Buffer }): Frame {
  const [first = "", requestHead = "", responseHead = ""] = text.split(between);
  const fields = first.split("\n");
  const field = (at: number) => fields[at] ?? "";
  const errorType = field(15);
  return {
    whole: field(0) === "1",
    kind: field(1) === "outbound" ? "outbound" : "request",
    id: field(2),
    parent: field(3) || null,
    startedAt: Number(field(4)),
    durationMs: Number(field(5)),
    request: { size: Number(field(6)), bytes: bodies.request },
    response: { size: Number(field(7)), bytes: bodies.response },
    route: field(11) || null,
    traceparent: field(14),
    error: errorType === "" ? null : { type: errorType, message: field(16) },
    ending: {
      method: field(8),
      status: Number(field(9)) || null,
      outcome: outcomes.find((outcome) => outcome === field(10)) ?? "failed",
      target: field(12),
      ip: field(13),
      requestHead,
      responseHead,
    },
  };
}

const outcomes: readonly Outcome[] = ["answered", "aborted", "failed", "blocked"];

/** Names and values of a head, in their order: as lines in turn, or as HTTP/1.1 wrote them after its first line. */
export function headersOf(head: string): readonly (readonly [string, string])[] {
  if (head.includes("\r\n"))
    return head
      .split("\r\n")
      .slice(1)
      .flatMap((written) => {
        const colon = written.indexOf(":");
        return colon > 0 ? [[written.slice(0, colon), written.slice(colon + 1).trim()] as const] : [];
      });
  const lines = head === "" ? [] : head.split("\n");
  return lines.flatMap((name, at) => (at % 2 === 0 ? [[name, lines[at + 1] ?? ""] as const] : []));
}
