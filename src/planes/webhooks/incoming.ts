import type { Headers } from "../../kernel/exchange.ts";
import { partsOf } from "../../kernel/target.ts";

/** A JSON body above this many bytes is not parsed: what reads into it finds nothing. */
export const jsonBytesMax = 1024 * 1024;

/** A received request as the pure parts of this plane read it. */
export type Incoming = {
  readonly method: string;
  /** The endpoint's public URL plus the query as received; never rebuilt from the Host header. */
  readonly url: string;
  readonly headers: Headers;
  /** Raw, as received. */
  readonly body: Uint8Array;
  /** The parsed body, parsed at most once; undefined when it is no JSON or more than `jsonBytesMax` bytes. */
  json(): unknown;
};

export function incoming(request: Omit<Incoming, "json">): Incoming {
  let parsed: { readonly value: unknown } | undefined;
  return {
    ...request,
    json() {
      parsed ??= { value: parse(request.body) };
      return parsed.value;
    },
  };
}

function parse(body: Uint8Array): unknown {
  if (body.length > jsonBytesMax) return undefined;
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** All values of a header, in order. `name` is lowercase. */
export function valuesOf(headers: Headers, name: string): readonly string[] {
  const values: string[] = [];
  for (const [given, value] of headers) {
    if (given.length === name.length && given.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** Where a text stands in a request: a header (lowercase), a query parameter, or a JSON Pointer (RFC 6901) into the body. */
export type Reading = { readonly header: string } | { readonly query: string } | { readonly pointer: string };

/** The text (or integer as text) that stands there; undefined when there is none. Of several headers, the first. */
export function textOf(reading: Reading, request: Incoming): string | undefined {
  if ("header" in reading) return valuesOf(request.headers, reading.header)[0];
  if ("query" in reading)
    return new URLSearchParams(partsOf(request.url).query).get(reading.query) ?? undefined;
  const value = valueAt(request.json(), reading.pointer);
  if (typeof value === "string") return value;
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const key of keysOf(pointer)) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Of the few pointers that presets and schemes have, each is read once. */
const keys = new Map<string, readonly string[]>();
const keysMax = 1_000;

function keysOf(pointer: string): readonly string[] {
  const known = keys.get(pointer);
  if (known !== undefined) return known;
  const [, ...tokens] = pointer.split("/");
  const read = tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (keys.size >= keysMax) keys.clear();
  keys.set(pointer, read);
  return read;
}
