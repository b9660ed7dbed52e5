import * as zlib from "node:zlib";

type Inflated = { readonly bytes: Uint8Array; readonly truncated: boolean };

/** Truncated input ends where it ends: these make a decoder hand out what it has got by then. */
const partial = { finishFlush: zlib.constants.Z_SYNC_FLUSH };
const partialBrotli = { finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH };

const decoders: Readonly<Record<string, () => zlib.Gunzip | zlib.Inflate | zlib.BrotliDecompress>> = {
  gzip: () => zlib.createGunzip(partial),
  "x-gzip": () => zlib.createGunzip(partial),
  deflate: () => zlib.createInflate(partial),
  br: () => zlib.createBrotliDecompress(partialBrotli),
};

/**
 * Undoes one `Content-Encoding`, of a body that may be cut off; stops at `bytesMax`, however much more there would be.
 * Undefined when the encoding is not known: what is inside cannot be redacted then.
 */
export async function inflate(
  bytes: Uint8Array,
  encoding: string,
  bytesMax: number,
): Promise<Inflated | undefined> {
  const name = encoding.trim().toLowerCase();
  if (name === "" || name === "identity") return { bytes, truncated: false };
  const decoder = decoders[name]?.();
  if (decoder === undefined) return undefined;
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
    // Broken or no such encoding: what came out before is the beginning of the body all the same.
    return size === 0 ? undefined : { bytes: Buffer.concat(chunks).subarray(0, bytesMax), truncated: true };
  }
  return { bytes: Buffer.concat(chunks).subarray(0, bytesMax), truncated: size > bytesMax };
}
