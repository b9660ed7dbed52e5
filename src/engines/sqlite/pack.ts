/*
 * A pack is a stream of values in one ArrayBuffer, made to be transferred to another thread without cloning.
 * It consists of 8-byte words: a number is one word; bytes are a word with their length, then the bytes, padded.
 * A text's length is negative when it is ASCII. A name is a text that repeats: its index among the names of the
 * pack, followed by the text where the index is new. -1 stands for null.
 */

const wordBytes = 8;
const hexDigits = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  hexDigits[digit.charCodeAt(0)] = value;
  hexDigits[digit.toUpperCase().charCodeAt(0)] = value;
}

export class PackWriter {
  #bytes: Buffer;
  #words: Float64Array<ArrayBuffer>;
  #at = 0;
  readonly #names = new Map<string, number>();

  constructor(buffer: ArrayBuffer) {
    this.#bytes = Buffer.from(buffer);
    this.#words = new Float64Array(buffer);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#at * wordBytes;
  }

  /** The memory to transfer; the pack is of no use afterwards. */
  get buffer(): ArrayBuffer {
    return this.#words.buffer;
  }

  /** Where to go `back` to when a later value turns out not to be writable. */
  mark(): { readonly at: number; readonly names: number } {
    return { at: this.#at, names: this.#names.size };
  }

  back(mark: { readonly at: number; readonly names: number }): void {
    this.#at = mark.at;
    for (const [name, index] of this.#names) if (index >= mark.names) this.#names.delete(name);
  }

  /** @throws RangeError when it is not finite, since SQLite would store null */
  number(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError("Expected a finite number.");
    this.#word(value);
  }

  integer(value: number): void {
    this.number(Math.trunc(value));
  }

  integerOrNull(value: number | null): void {
    if (value === null) this.#word(Number.NaN);
    else this.integer(value);
  }

  text(value: string): void {
    this.#room(wordBytes + value.length * 3);
    const start = this.#at + 1;
    const length = this.#bytes.write(value, start * wordBytes);
    this.#words[this.#at] = length === value.length ? -length : length;
    this.#at = start + Math.ceil(length / wordBytes);
  }

  name(value: string | null): void {
    if (value === null) {
      this.#word(-1);
      return;
    }
    const known = this.#names.get(value);
    if (known !== undefined) {
      this.#word(known);
      return;
    }
    this.#word(this.#names.size);
    this.#names.set(value, this.#names.size);
    this.text(value);
  }

  /** 16 bytes as 32 hex characters from `from` on, or null. */
  hex(text: string | null, from: number): void {
    this.#room(3 * wordBytes);
    if (text === null) {
      this.#words[this.#at++] = -1;
      return;
    }
    if (text.length !== from + 32) throw new RangeError("Expected 32 hex characters.");
    this.#words[this.#at++] = 16;
    const bytes = this.#bytes;
    const at = this.#at * wordBytes;
    for (let i = 0; i < 16; i++) {
      const high = hexDigits[text.charCodeAt(from + 2 * i)] ?? 255;
      const low = hexDigits[text.charCodeAt(from + 2 * i + 1)] ?? 255;
      if ((high | low) > 15) throw new RangeError("Expected 32 hex characters.");
      bytes[at + i] = (high << 4) | low;
    }
    this.#at += 2;
  }

  /** Bytes written by `fill`, which gets the memory and a position with room for `max`, and returns where it ended. */
  bytes(max: number, fill: (to: Buffer, at: number) => number): void {
    this.#room(wordBytes + max);
    const start = this.#at + 1;
    const length = fill(this.#bytes, start * wordBytes) - start * wordBytes;
    this.#words[this.#at] = length;
    this.#at = start + Math.ceil(length / wordBytes);
  }

  #word(value: number): void {
    this.#room(wordBytes);
    this.#words[this.#at++] = value;
  }

  #room(bytes: number): void {
    const needed = this.#at * wordBytes + bytes + wordBytes;
    if (needed <= this.#bytes.length) return;
    const larger = new ArrayBuffer(
      Math.ceil(Math.max(needed, this.#bytes.length * 2) / wordBytes) * wordBytes,
    );
    const grown = Buffer.from(larger);
    this.#bytes.copy(grown, 0, 0, this.#at * wordBytes);
    this.#bytes = grown;
    this.#words = new Float64Array(larger);
  }
}

export class PackReader {
  readonly bytes: Buffer;
  readonly #words: Float64Array;
  readonly #names: string[] = [];
  readonly #codes: number[] = [];
  #at = 0;

  constructor(buffer: ArrayBuffer) {
    this.bytes = Buffer.from(buffer);
    this.#words = new Float64Array(buffer);
  }

  number(): number {
    return this.#words[this.#at++] ?? Number.NaN;
  }

  numberOrNull(): number | null {
    const value = this.number();
    return Number.isNaN(value) ? null : value;
  }

  text(): string {
    const length = this.number();
    const start = this.#at * wordBytes;
    this.#skip(Math.abs(length));
    return length <= 0
      ? this.bytes.toString("latin1", start, start - length)
      : this.bytes.toString("utf8", start, start + length);
  }

  name(): string {
    return this.nameOrNull() ?? "";
  }

  nameOrNull(): string | null {
    return this.#nameAt(this.number());
  }

  /** What `codeOf` says of the name that comes next; each name of the pack is asked about once. */
  codeOrNull(codeOf: (name: string) => number): number | null {
    const index = this.number();
    const known = this.#codes[index];
    if (known !== undefined) return known;
    const name = this.#nameAt(index);
    return name === null ? null : (this.#codes[index] = codeOf(name));
  }

  #nameAt(index: number): string | null {
    if (index < 0) return null;
    if (index === this.#names.length) this.#names.push(this.text());
    return this.#names[index] ?? null;
  }

  /** A view, not a copy. */
  blob(): Buffer | null {
    const length = this.number();
    if (length < 0) return null;
    const start = this.#at * wordBytes;
    this.#skip(length);
    return this.bytes.subarray(start, start + length);
  }

  /** The blob that comes next, which stays the next. */
  peekBlob(): Buffer | null {
    const at = this.#at;
    const blob = this.blob();
    this.#at = at;
    return blob;
  }

  #skip(bytes: number): void {
    this.#at += Math.ceil(bytes / wordBytes);
  }
}
