import { promisify } from "node:util";
import * as zlib from "node:zlib";

/** What ends where it was cut off: these make a decoder hand out what it has by then. */
const partial = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const partialBrotli = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };
const partialZstd = { finishFlush: zlib.constants.ZSTD_e_flush };

type Decode = (bytes: Buffer, maxOutputLength: number) => Promise<Buffer>;

const decoders: Readonly<Record<string, Decode>> = {
  gzip: (bytes, maxOutputLength) => promisify(zlib.gunzip)(bytes, { ...partial, maxOutputLength }),
  "x-gzip": (bytes, maxOutputLength) => promisify(zlib.gunzip)(bytes, { ...partial, maxOutputLength }),
  deflate: (bytes, maxOutputLength) => promisify(zlib.inflate)(bytes, { ...partial, maxOutputLength }),
  br: (bytes, maxOutputLength) =>
    promisify(zlib.brotliDecompress)(bytes, { ...partialBrotli, maxOutputLength }),
  zstd: (bytes, maxOutputLength) =>
    promisify(zlib.zstdDecompress)(bytes, { ...partialZstd, maxOutputLength }),
};

const inflatedBytesMax = 16 * 1024 * 1024;

/**
 * Undoes a `Content-Encoding` of a body that may be cut off. Undefined when that cannot be done: what is inside cannot be
 * redacted then, and is not kept.
 */
export async function plainBody(bytes: Buffer, encoding: string): Promise<Buffer | undefined> {
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "identity") return bytes;
  try {
    return await decoders[name]?.(bytes, inflatedBytesMax);
  } catch {
    return undefined;
  }
}
