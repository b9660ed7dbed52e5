import { Transform } from "node:stream";

/** What passes of a body: its beginning up to a bound, and how much it was in all. */
export class KeptBody {
  readonly #max: number;
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Takes bytes while they pass; what was written is handed on at once and unchanged. */
  tee(): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        this.#add(chunk);
        done(null, chunk);
      },
    });
  }

  #add(chunk: Buffer): void {
    this.size += chunk.length;
    const room = this.#max - this.#kept;
    if (room <= 0) return;
    // A copy, since the chunk may be a small part of a large buffer.
    const part = Buffer.from(chunk.subarray(0, room));
    this.#chunks.push(part);
    this.#kept += part.length;
  }
}
