import { queueBytesMax, queueRecordsMax } from "./budget.ts";

/** Records that are ready to be sent, as JSON. Where there is no room, the oldest make some: the newest say more. */
export class RecordQueue {
  #records: (Buffer | undefined)[] = [];
  #first = 0;
  #bytes = 0;

  get length(): number {
    return this.#records.length - this.#first;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns how many were dropped to make room */
  add(record: Buffer): number {
    let dropped = 0;
    while (
      this.length > 0 &&
      (this.#bytes + record.length > queueBytesMax || this.length >= queueRecordsMax)
    ) {
      this.#shift();
      dropped += 1;
    }
    this.#records.push(record);
    this.#bytes += record.length;
    return dropped;
  }

  /** Takes the oldest out: at most so many, and so many bytes together. */
  take(countMax: number, bytesMax: number): readonly Buffer[] {
    const taken: Buffer[] = [];
    for (let bytes = 0; this.length > 0 && taken.length < countMax;) {
      bytes += this.#records[this.#first]?.length ?? 0;
      if (bytes > bytesMax && taken.length > 0) break;
      const record = this.#shift();
      if (record !== undefined) taken.push(record);
    }
    return taken;
  }

  #shift(): Buffer | undefined {
    const record = this.#records[this.#first];
    this.#records[this.#first] = undefined;
    this.#first += 1;
    this.#bytes -= record?.length ?? 0;
    // What was taken is cut off once it is the larger half: each record is moved at most once on average.
    if (this.#first * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
    return record;
  }
}
