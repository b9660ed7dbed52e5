import { hash } from "node:crypto";
import {
  planeNames,
  type Body,
  type Exchange,
  type Facts,
  type Headers,
  type Message,
  type PlaneName,
} from "../../kernel/exchange.ts";
import { storableJson } from "./storable-json.ts";

/** @throws TypeError when the column holds anything else: it was not written by this release */
export function planeOf(text: string): PlaneName {
  const plane = planeNames.find((name) => name === text);
  if (plane === undefined) throw new TypeError(`There is no plane ${text}.`);
  return plane;
}

export function factsOf(text: string | null): Facts {
  // The column is only ever written by `factsText`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return text === null ? {} : (JSON.parse(text) as Facts);
}

/** JSON, or null for no facts. As in texts of their own, NUL and half of a surrogate pair become U+FFFD. */
export function factsText(facts: Facts): string | null {
  for (const _ in facts) return storableJson(facts);
  return null;
}

/*
 * Content format, version 1. All integers are little endian.
 *   u8 version = 1, u8 flags: 1 = there is a response
 *   then per message (request, response):
 *   u32 bytes of headers, headers as UTF-8 JSON [[name, value], …]; 0 bytes = no headers
 *   u8 body: 0 = null, 1 = plain, 2 = described (truncated, redacted, or its hash was given)
 *   plain:     u32 length, bytes
 *   described: u32 length, f64 true size, u8 truncated, u8 length of hash (0 or 32), hash, bytes
 */
const version = 1;
const states = { none: 0, plain: 1, described: 2 } as const;

type Content = Pick<Exchange, "request" | "response">;

/** Upper bound of the bytes that `writeContent` needs. */
export function contentBytesMax(content: Content, headers: readonly [string, string]): number {
  const { request, response } = content;
  const bodies = (request.body?.bytes.length ?? 0) + (response?.body?.bytes.length ?? 0);
  return 128 + 3 * (headers[0].length + headers[1].length) + bodies;
}

/** The JSON of both messages' headers, to be passed to `contentBytesMax` and `writeContent`. */
export function headerTexts(content: Content): readonly [request: string, response: string] {
  const { request, response } = content;
  return [
    request.headers.length === 0 ? "" : JSON.stringify(request.headers),
    response === null || response.headers.length === 0 ? "" : JSON.stringify(response.headers),
  ];
}

/** Whether there is anything to store: no content reads back as an empty request without a response. */
export function isBare(content: Content): boolean {
  return content.response === null && content.request.body === null && content.request.headers.length === 0;
}

/** Writes the content into `to` at `at`, which has room for `contentBytesMax`; returns where it ends. */
export function writeContent(
  to: Buffer,
  at: number,
  content: Content,
  headers: readonly [string, string],
): number {
  to[at] = version;
  to[at + 1] = content.response === null ? 0 : 1;
  const end = writeMessage(to, at + 2, headers[0], content.request.body);
  return content.response === null ? end : writeMessage(to, end, headers[1], content.response.body);
}

/** The content as bytes of its own, or null when there is nothing to store. */
export function contentBytes(content: Content): Uint8Array | null {
  if (isBare(content)) return null;
  const headers = headerTexts(content);
  const bytes = Buffer.allocUnsafe(contentBytesMax(content, headers));
  return bytes.subarray(0, writeContent(bytes, 0, content, headers));
}

function writeMessage(to: Buffer, at: number, headers: string, body: Body | null): number {
  const length = headers === "" ? 0 : to.write(headers, at + 4);
  to.writeUInt32LE(length, at);
  const end = at + 4 + length;
  if (body === null) {
    to[end] = states.none;
    return end + 1;
  }
  const plain = !body.truncated && body.sha256 === "" && body.size === body.bytes.length;
  to[end] = plain ? states.plain : states.described;
  to.writeUInt32LE(body.bytes.length, end + 1);
  const start = plain ? end + 5 : writeDescription(to, end + 5, body);
  to.set(body.bytes, start);
  return start + body.bytes.length;
}

function writeDescription(to: Buffer, at: number, body: Body): number {
  to.writeDoubleLE(body.size, at);
  to[at + 8] = body.truncated ? 1 : 0;
  const length = to.write(body.sha256, at + 10, "hex");
  to[at + 9] = length;
  return at + 10 + length;
}

/** The messages of stored content. The hash of a whole body that was stored without one is computed here. */
export function messagesOf(bytes: Uint8Array | undefined): Content {
  if (bytes === undefined) return { request: { headers: [], body: null }, response: null };
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (from[0] !== version)
    throw new TypeError(`Content has version ${from[0]}, this release reads ${version}.`);
  const [request, end] = readMessage(from, 2);
  return { request, response: from[1] === 0 ? null : readMessage(from, end)[0] };
}

function readMessage(from: Buffer, at: number): readonly [Message, end: number] {
  const end = at + 4 + from.readUInt32LE(at);
  const headers = end === at + 4 ? [] : headersOf(from.toString("utf8", at + 4, end));
  if (from[end] === states.none) return [{ headers, body: null }, end + 1];
  const length = from.readUInt32LE(end + 1);
  const body =
    from[end] === states.plain ? plainBody(from, end + 5, length) : describedBody(from, end + 5, length);
  return [{ headers, body }, body.bytes.byteOffset - from.byteOffset + length];
}

function plainBody(from: Buffer, at: number, length: number): Body {
  const bytes = from.subarray(at, at + length);
  return { bytes, size: length, sha256: hash("sha256", bytes), truncated: false };
}

function describedBody(from: Buffer, at: number, length: number): Body {
  const start = at + 10 + (from[at + 9] ?? 0);
  return {
    bytes: from.subarray(start, start + length),
    size: from.readDoubleLE(at),
    sha256: from.toString("hex", at + 10, start),
    truncated: from[at + 8] === 1,
  };
}

function headersOf(text: string): Headers {
  // Only ever written by `headerTexts`.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(text) as Headers;
}
