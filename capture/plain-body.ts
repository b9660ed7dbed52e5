import * as zlib from "node:zlib";
import { beginsAs, isCompressed } from "./compressed-form.ts";
import type { HeaderPair } from "./wire.ts";

export type PlainBody = {
  readonly bytes: Uint8Array;
  /** There would be more. */
  readonly truncated: boolean;
};

type Decoder = zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress;

/** One way in which an encoding is written; without `begins` its bytes tell nothing of it. */
type Writing = { readonly begins?: (bytes: Uint8Array) => boolean; readonly open: () => Decoder };

/** Truncated input ends where it ends: these make a decoder hand out what it has got by then. */
const partial = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const partialBrotli = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };

const gzip: Writing = { begins: (bytes) => beginsAs("gzip", bytes), open: () => zlib.createGunzip(partial) };
const zstd: Writing = {
  begins: (bytes) => beginsAs("zstd", bytes),
  open: () => zlib.createZstdDecompress({ finishFlush: zlib.constants.ZSTD_e_flush }),
};
const writings: ReadonlyMap<string, readonly Writing[]> = new Map([
  ["gzip", [gzip]],
  ["x-gzip", [gzip]],
  [
    "deflate",
    [
      { begins: isZlib, open: () => zlib.createInflate(partial) },
      { open: () => zlib.createInflateRaw(partial) },
    ],
  ],
  ["br", [{ open: () => zlib.createBrotliDecompress(partialBrotli) }]],
  // Node knows it from 22.15 on.
  ...("createZstdDecompress" in zlib ? ([["zstd", [zstd]]] as const) : []),
]);

/** More of them, one in the other, nobody sends. */
const encodingsMax = 4;

/**
 * A body without its `Content-Encoding`, of which there may be several and which may be cut off; at most `bytesMax` of what
 * was encoded, however much more there would be. Undefined when nobody can look into it, and so nobody can redact it: its
 * encoding is not known or is not what the header says, or it is of a compressed format.
 */
export async function plainBody(
  bytes: Uint8Array,
  headers: readonly HeaderPair[],
  bytesMax: number,
): Promise<PlainBody | undefined> {
  const encodings = encodingsOf(headers);
  if (encodings.length > encodingsMax) return undefined;
  let plain: PlainBody = { bytes, truncated: false };
  for (const encoding of encodings.toReversed()) {
    const known = writings.get(encoding);
    if (known === undefined) return undefined;
    // Who undoes an encoding on the way need not take the header away, and no encoder makes text.
    const written = isText(plain.bytes)
      ? undefined
      : known.find(({ begins }) => begins === undefined || begins(plain.bytes));
    if (written === undefined) continue;
    const inner = await inflated(plain.bytes, written, bytesMax);
    if (inner === undefined) return undefined;
    plain = { bytes: inner.bytes, truncated: plain.truncated || inner.truncated };
  }
  return isCompressed(plain.bytes) ? undefined : plain;
}

/** In the order in which they were applied. */
function encodingsOf(headers: readonly HeaderPair[]): readonly string[] {
  return headers
    .filter(
      ([name]) => name.length === "content-encoding".length && name.toLowerCase() === "content-encoding",
    )
    .flatMap(([, value]) => value.split(",", encodingsMax + 1))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "" && name !== "identity");
}

async function inflated(
  bytes: Uint8Array,
  { begins, open }: Writing,
  bytesMax: number,
): Promise<PlainBody | undefined> {
  const decoder = open();
  const chunks: Buffer[] = [];
  let size = 0;
  decoder.end(bytes);
  try {
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > bytesMax) break;
    }
  } catch {
    // What began as it should is the beginning of the body all the same; of anything else this may be noise.
    return size === 0 || begins === undefined
      ? undefined
      : { bytes: Buffer.concat(chunks).subarray(0, bytesMax), truncated: true };
  }
  return { bytes: Buffer.concat(chunks).subarray(0, bytesMax), truncated: size > bytesMax };
}

/** UTF-8 without zeros, of which the last character may be cut off. */
function isText(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return false;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** RFC 1950: the method is 8, and the first two bytes are a multiple of 31. */
function isZlib([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && (first * 256 + second) % 31 === 0;
}
