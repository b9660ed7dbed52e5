import { constants, zstdCompressSync } from "node:zlib";
import type { NewExchange } from "../../../kernel/exchange.ts";
import { exchangeTimeMs, newExchangeId } from "../../../kernel/id.ts";
import { uuidOf } from "../../postgres/exchange-row.ts";
import { dayOf } from "../../postgres/partitions.ts";
import { blockBytesMax, blockExchangesMax, blockExchangesMin } from "../../stored/block.ts";
import { contentBytes } from "../../stored/content.ts";

/** Where one content is: in a block, or in the data as it is. */
export type Place = { readonly block: string | null; readonly at: number; readonly bytes: number };

export type GroupContent = {
  /** By index of the exchange; undefined = it has no content. */
  readonly places: readonly (Place | undefined)[];
  /** The parts of `data` that become blocks. */
  readonly blocks: readonly { readonly id: string; readonly at: number; readonly bytes: number }[];
  readonly data: Uint8Array;
};

type Content = { readonly index: number; readonly id: string; readonly bytes: Uint8Array };

// Done here and now: handing a block to another thread and back costs this one more than compressing it, 4 us a content.
const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 }, chunkSize: blockBytesMax };

/** The contents of exchanges that are committed together, those of a day compressed in blocks when they are many. */
export function groupContent(exchanges: readonly NewExchange[]): GroupContent {
  const places: (Place | undefined)[] = Array.from(exchanges, () => undefined);
  const blocks: { id: string; at: number; bytes: number }[] = [];
  const parts: Uint8Array[] = [];
  let end = 0;
  const append = (part: Uint8Array): { at: number; bytes: number } => {
    const at = end;
    parts.push(part);
    end += part.length;
    return { at, bytes: part.length };
  };
  for (const contents of byDay(exchanges)) {
    if (contents.length < blockExchangesMin) {
      for (const { index, bytes } of contents) places[index] = { block: null, ...append(bytes) };
      continue;
    }
    for (const chunk of chunksOf(contents)) {
      const id = blockId(chunk);
      const data = zstdCompressSync(Buffer.concat(chunk.map(({ bytes }) => bytes)), level);
      blocks.push({ id, ...append(data) });
      placeInBlock(places, id, chunk);
    }
  }
  return { places, blocks, data: parts.length === 1 ? (parts[0] ?? none) : Buffer.concat(parts) };
}

function byDay(exchanges: readonly NewExchange[]): Iterable<readonly Content[]> {
  const days = new Map<number, Content[]>();
  for (const [index, exchange] of exchanges.entries()) {
    const bytes = contentBytes(exchange);
    if (bytes === null) continue;
    const day = dayOf(exchange.id);
    const contents = days.get(day);
    if (contents === undefined) days.set(day, [{ index, id: exchange.id, bytes }]);
    else contents.push({ index, id: exchange.id, bytes });
  }
  return days.values();
}

const none: Uint8Array = new Uint8Array(0);

function placeInBlock(places: (Place | undefined)[], block: string, chunk: readonly Content[]): void {
  let at = 0;
  for (const { index, bytes } of chunk) {
    places[index] = { block, at, bytes: bytes.length };
    at += bytes.length;
  }
}

/** Its own, since an exchange committed again may have named a block when it was committed first. */
function blockId([first]: readonly Content[]): string {
  const at = exchangeTimeMs(first?.id ?? "") ?? 0;
  const made = uuidOf(newExchangeId(at));
  // An id made later than asked for could belong to the next day.
  return at.toString(16).padStart(12, "0") + made.slice(12);
}

function chunksOf(contents: readonly Content[]): readonly (readonly Content[])[] {
  const chunks: Content[][] = [];
  let bytes = Infinity;
  let chunk: Content[] = [];
  for (const content of contents) {
    if (chunk.length >= blockExchangesMax || bytes >= blockBytesMax) {
      chunk = [];
      bytes = 0;
      chunks.push(chunk);
    }
    chunk.push(content);
    bytes += content.bytes.length;
  }
  return chunks;
}
