/** The bytes are no message of Protocol Buffers. */
export class MalformedProtobuf extends Error {}

/** Wire types of https://protobuf.dev/programming-guides/encoding; groups, which nothing uses any more, are malformed. */
const wires = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const varintBytesMax = 10;
const two32 = 2 ** 32;

/** How a field of this number and type begins: what is told apart, so that one of another type counts as unknown. */
export function fieldKey(number: number, wire: keyof typeof wires): number {
  return number * 8 + wires[wire];
}

/** Reads one message field by field. Never reads outside of it, and takes a number of steps that its length bounds. */
export class ProtobufReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = at;
    this.#end = end;
  }

  /** The key of the next field, whose value is to be read or skipped; 0 at the end. @throws MalformedProtobuf */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const key = this.varint();
    if (key < 8 || key >= two32) throw new MalformedProtobuf("a field has no number");
    return key;
  }

  /** Unsigned; inexact from 2^53. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let n = 0; n < varintBytesMax; n++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new MalformedProtobuf("a number has no end");
  }

  /** Of an int64; inexact beyond 53 bits. */
  signed(): number {
    const value = this.varint();
    return value >= 2 ** 63 ? value - 2 ** 64 : value;
  }

  fixed64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#pass(8));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#pass(8));
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const length = this.varint();
    const from = this.#pass(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** What is no UTF-8 is replaced by U+FFFD. */
  text(): string {
    const length = this.varint();
    const from = this.#pass(length);
    return this.#bytes.toString("utf8", from, from + length);
  }

  hex(): string {
    const length = this.varint();
    const from = this.#pass(length);
    return this.#bytes.toString("hex", from, from + length);
  }

  /** Of a message within this one, which is passed over. */
  message(): ProtobufReader {
    const length = this.varint();
    const from = this.#pass(length);
    return new ProtobufReader(this.#bytes, from, from + length);
  }

  /** Passes over the value of a field that is not wanted. */
  skip(key: number): void {
    const wire = key % 8;
    if (wire === wires.varint) this.varint();
    else if (wire === wires.fixed64) this.#pass(8);
    else if (wire === wires.bytes) this.#pass(this.varint());
    else if (wire === wires.fixed32) this.#pass(4);
    else throw new MalformedProtobuf("a field has no known type");
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new MalformedProtobuf("it ends within a field");
    return this.#bytes[this.#at++] ?? 0;
  }

  /** Where `length` bytes begin that are passed over. */
  #pass(length: number): number {
    const from = this.#at;
    if (length > this.#end - from) throw new MalformedProtobuf("a field is longer than its message");
    this.#at = from + length;
    return from;
  }
}
