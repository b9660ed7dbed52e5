import { randomFillSync } from "node:crypto";

/** Random bytes are asked for in blocks: a call for each id would cost more than the rest of a request's record. */
const blockBytes = 4_096;
const idBytes = 10;

const block = Buffer.alloc(blockBytes);
let used = blockBytes;

/** A UUIDv7 (RFC 9562) without its dashes: 32 hex digits whose order is that of the milliseconds. */
export function recordId(atMs: number): string {
  if (used + idBytes > blockBytes) {
    randomFillSync(block);
    used = 0;
  }
  const at = used;
  used += idBytes;
  block[at] = 0x70 | ((block[at] ?? 0) & 0x0f);
  block[at + 2] = 0x80 | ((block[at + 2] ?? 0) & 0x3f);
  return atMs.toString(16).padStart(12, "0") + block.toString("hex", at, at + idBytes);
}
