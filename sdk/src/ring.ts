import { ringBytes } from "./budget.ts";

/** Of each piece, before its bytes. None leads back to the beginning. */
const lengthBytes = 4;

/** The memory of both ends. */
export type RingMemory = { readonly bytes: SharedArrayBuffer; readonly places: SharedArrayBuffer };

/**
 * Hands pieces of bytes from one thread to another through memory that both see. Nothing is allocated for a piece and
 * nobody is woken up: the reader looks when it likes. What is not read by then is bounded by the ring.
 */
export class Ring {
  readonly memory: RingMemory;
  readonly #bytes: Buffer;
  /** Bytes ever written and ever read, modulo 2 ** 32, which the size of the ring divides. */
  readonly #places: Int32Array;

  constructor(memory?: RingMemory) {
    this.memory = memory ?? {
      bytes: new SharedArrayBuffer(ringBytes),
      places: new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT),
    };
    this.#bytes = Buffer.from(this.memory.bytes);
    this.#places = new Int32Array(this.memory.places);
  }

  get used(): number {
    return (Atomics.load(this.#places, 0) - Atomics.load(this.#places, 1)) >>> 0;
  }

  /** Of one thread only. @returns false when there is no room for so many bytes; `write` says how many it took of them */
  write(bytesMax: number, write: (bytes: Buffer) => number): boolean {
    const most = padded(lengthBytes + bytesMax);
    const written = Atomics.load(this.#places, 0);
    let start = (written >>> 0) % ringBytes;
    // A piece lies in one part: where the end is too near, the rest of the ring is passed over.
    const passed = ringBytes - start < most ? ringBytes - start : 0;
    if (this.used + passed + most > ringBytes) return false;
    if (passed > 0) this.#bytes.writeUInt32LE(0, start);
    start = (start + passed) % ringBytes;
    const length = write(this.#bytes.subarray(start + lengthBytes, start + most));
    this.#bytes.writeUInt32LE(length, start);
    Atomics.store(this.#places, 0, (written + passed + padded(lengthBytes + length)) | 0);
    return true;
  }

  /** Of one thread only. A copy of the oldest piece, which is out of the ring then; undefined when there is none. */
  read(): Buffer | undefined {
    while (this.used > 0) {
      const read = Atomics.load(this.#places, 1);
      const start = (read >>> 0) % ringBytes;
      const length = this.#bytes.readUInt32LE(start);
      const piece =
        length === 0
          ? undefined
          : Buffer.from(this.#bytes.subarray(start + lengthBytes, start + lengthBytes + length));
      const taken = length === 0 ? ringBytes - start : padded(lengthBytes + length);
      Atomics.store(this.#places, 1, (read + taken) | 0);
      if (piece !== undefined) return piece;
    }
    return undefined;
  }
}

/** Pieces begin at multiples of what their length takes, so that there is always room for one before the end. */
function padded(bytes: number): number {
  return Math.ceil(bytes / lengthBytes) * lengthBytes;
}
