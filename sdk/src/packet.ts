import type { BodyTee } from "./body-tee.ts";
import { steadyMs } from "./clock.ts";
import type { Ending, Observation, Outcome } from "./observation.ts";

/** One packet holds many frames. A frame that is larger gets a packet of its own. */
export const packetBytes = 65_536;

const headBytes = 12;
/** A UTF-16 unit takes at most so many bytes in UTF-8. */
const bytesPerUnit = 3;
const between = "\0";

/** A finished exchange as it crosses to the worker: a head of three lengths, the text, both bodies. */
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

/** Puts frames into a packet until one does not fit. */
export class Packet {
  readonly bytes: Buffer<ArrayBuffer>;
  used = 0;

  /** No bytes of the pool: what is handed over must be its own. */
  constructor(leastBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(leastBytes, packetBytes));
  }

  /** False when the packet has no room for it. */
  add(text: string, observed: Observation, whole: boolean): boolean {
    if (this.used + frameBytesMax(text, observed, whole) > this.bytes.length) return false;
    const start = this.used;
    let at = start + headBytes;
    const textBytes = this.bytes.write(text, at);
    at += textBytes;
    const requestBytes = whole ? writeBody(this.bytes, at, observed.request) : 0;
    at += requestBytes;
    const responseBytes = whole ? writeBody(this.bytes, at, observed.response) : 0;
    this.bytes.writeUInt32LE(textBytes, start);
    this.bytes.writeUInt32LE(requestBytes, start + 4);
    this.bytes.writeUInt32LE(responseBytes, start + 8);
    this.used = at + responseBytes;
    return true;
  }
}

export function frameBytesMax(text: string, { request, response }: Observation, whole: boolean): number {
  return headBytes + text.length * bytesPerUnit + (whole ? request.kept + response.kept : 0);
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

/** The frames of a packet, one after the other. Bodies are views of it. */
export function* framesOf(bytes: Buffer): Generator<Frame> {
  for (let at = 0; at < bytes.length;) {
    const [textBytes, requestBytes, responseBytes] = [0, 4, 8].map((offset) =>
      bytes.readUInt32LE(at + offset),
    );
    const textEnd = at + headBytes + (textBytes ?? 0);
    const requestEnd = textEnd + (requestBytes ?? 0);
    const end = requestEnd + (responseBytes ?? 0);
    const bodies = {
      request: bytes.subarray(textEnd, requestEnd),
      response: bytes.subarray(requestEnd, end),
    };
    yield parsed(bytes.toString("utf8", at + headBytes, textEnd), bodies);
    at = end;
  }
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
