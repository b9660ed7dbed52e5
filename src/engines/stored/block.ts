import { promisify } from "node:util";
import { constants, zstdCompress, zstdDecompress } from "node:zlib";

const compress = promisify(zstdCompress);
const terms = { params: { [constants.ZSTD_c_compressionLevel]: 3 } };

/** Contents of exchanges, one after another, are stored as one zstd frame: a block. */
export const blockExchangesMax = 64;
/** A block is closed once its contents reach this size before compression. */
export const blockBytesMax = 256 * 1024;
/** Smaller commits keep their contents raw: compressing few exchanges costs more than inserting them. */
export const blockExchangesMin = 10;

/** Where the content of one exchange is in its block, before compression. */
export type Place = { readonly at: number; readonly bytes: number };

export type Packed = { readonly data: Uint8Array; readonly places: readonly Place[] };

export async function packBlock(contents: readonly Uint8Array[]): Promise<Packed> {
  let at = 0;
  const places = contents.map(({ length }) => {
    at += length;
    return { at: at - length, bytes: length };
  });
  return { data: await compress(Buffer.concat(contents), terms), places };
}

/** The contents of a block, one after another. */
export const unpackBlock = promisify(zstdDecompress);

/** The block without what was at the place: zeros are in its stead, so that nothing else in it moves. */
export async function takenOut(data: Uint8Array, { at, bytes }: Place): Promise<Uint8Array> {
  const contents = await unpackBlock(data);
  contents.fill(0, at, at + bytes);
  return compress(contents, terms);
}
