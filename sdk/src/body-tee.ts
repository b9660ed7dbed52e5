/** What a tee may keep: shared by all requests under way, so that many large bodies at once stay bounded. */
export type Allowance = {
  /** Bytes to keep of one body at most; 0 until the server has said how to redact. */
  bodyBytesMax: number;
  /** Bytes kept at this moment, of at most `openBytesMax`. */
  openBytes: number;
  readonly openBytesMax: number;
};

/** Counts the bytes of one body and keeps its beginning, whoever reads the body and however. */
export class BodyTee {
  /** True bytes of the body so far. */
  size = 0;
  kept = 0;
  readonly parts: (Uint8Array | string)[] = [];
  readonly #allowance: Allowance;

  constructor(allowance: Allowance) {
    this.#allowance = allowance;
  }

  /** Bytes are copied: whoever handed them over may write into them afterwards. */
  addBytes(chunk: Uint8Array): void {
    const room = this.#room(chunk.byteLength);
    this.size += chunk.byteLength;
    if (room === 0) return;
    const part = Buffer.allocUnsafe(room);
    part.set(room === chunk.byteLength ? chunk : chunk.subarray(0, room));
    this.#keep(part, room);
  }

  /** Text in UTF-8 is kept as it is and encoded when it is packed. */
  addText(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#room(bytes)) {
      this.addBytes(Buffer.from(text));
      return;
    }
    this.size += bytes;
    if (bytes > 0) this.#keep(text, bytes);
  }

  /** Gives back what it held; it keeps nothing from then on. */
  release(): void {
    this.#allowance.openBytes -= this.kept;
    this.kept = 0;
    this.parts.length = 0;
  }

  #room(wanted: number): number {
    // A body is kept from its beginning: what comes after a gap would be read as if there were none.
    if (this.kept < this.size) return 0;
    const { bodyBytesMax, openBytes, openBytesMax } = this.#allowance;
    return Math.max(0, Math.min(wanted, bodyBytesMax - this.kept, openBytesMax - openBytes));
  }

  #keep(part: Uint8Array | string, bytes: number): void {
    this.parts.push(part);
    this.kept += bytes;
    this.#allowance.openBytes += bytes;
  }
}
