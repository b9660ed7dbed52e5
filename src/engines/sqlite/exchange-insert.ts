import type { DatabaseSync, StatementSync } from "node:sqlite";
import { constants, zstdCompressSync } from "node:zlib";
import { blockBytesMax, blockExchangesMax } from "../stored/block.ts";
import type { SqlValue } from "../stored/row.ts";
import type { Names } from "./names.ts";
import type { PackReader } from "./pack.ts";

/** The values of one row in the order of `columns`. */
export type Draft = SqlValue[];

const columns = [
  "id",
  "parent",
  "trace",
  "workspace",
  "environment",
  "bucket",
  "plane",
  "kind",
  "subject",
  "started_at",
  "duration_ms",
  "method",
  "host",
  "path",
  "route",
  "status",
  "outcome",
  "attempt",
  "error",
  "ending",
  "received_at",
  "facts",
  "number",
  "block",
  "block_at",
  "block_bytes",
  "content",
];

/** Where in a draft the columns are that a commit decides about. */
export const at = {
  id: 0,
  parent: 1,
  workspace: 3,
  outcome: 16,
  attempt: 17,
  ending: 19,
  number: 22,
  block: 23,
  blockAt: 24,
  blockBytes: 25,
  content: 26,
} as const;

// An id that is there already is a commit made again by a caller who was not answered the first time.
const insert = `insert into exchange (seq, ${columns.join(", ")}) values (?, ${columns.map(() => "?").join(", ")})
on conflict (id) do nothing`;

const lastSeq =
  "select max((select coalesce(max(seq), 0) from exchange), (select max(seq) from removal)) as seq";

const level = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** The next exchange of the pack, in the order that `writeExchange` wrote it. */
export function readDraft(pack: PackReader, names: Names): Draft {
  const { codeOf } = names;
  return [
    pack.blob(),
    pack.blob(),
    pack.blob(),
    pack.codeOrNull(codeOf),
    pack.codeOrNull(codeOf),
    pack.codeOrNull(codeOf),
    pack.codeOrNull(codeOf),
    pack.codeOrNull(codeOf),
    pack.codeOrNull(codeOf),
    pack.number(),
    pack.number(),
    pack.codeOrNull(codeOf),
    names.codeIfFrequent(pack.name()),
    names.codeIfFrequent(pack.name()),
    pack.codeOrNull(codeOf),
    pack.numberOrNull(),
    pack.codeOrNull(codeOf),
    pack.numberOrNull(),
    pack.codeOrNull(codeOf),
    pack.codeOrNull(codeOf),
    pack.number(),
    pack.nameOrNull(),
    null,
    null,
    null,
    null,
    pack.blob(),
  ];
}

/** Inserts exchanges in the order given, their contents raw or gathered into compressed blocks. */
export class ExchangeInsert {
  readonly #insert: StatementSync;
  readonly #insertBlock: StatementSync;
  readonly #correctBlock: StatementSync;
  readonly #dropBlock: StatementSync;
  /** The last one given, also to rows that are gone; gives them without the writes of `autoincrement`. */
  #seq: number;
  #drafts: Draft[] = [];
  #contents = Buffer.allocUnsafe(blockBytesMax);
  #end = 0;
  #packed = 0;
  #compress = false;

  constructor(database: DatabaseSync) {
    this.#seq = Number(database.prepare(lastSeq).get()?.["seq"]);
    this.#insert = database.prepare(insert);
    this.#insertBlock = database.prepare("insert into block (exchanges, data) values (?, ?)");
    this.#correctBlock = database.prepare("update block set exchanges = ? where id = ?");
    this.#dropBlock = database.prepare("delete from block where id = ?");
  }

  begin(compress: boolean): void {
    this.#compress = compress;
    this.#drafts = [];
    this.#end = 0;
    this.#packed = 0;
  }

  add(draft: Draft): void {
    if (!this.#compress) {
      this.#insert.run(++this.#seq, ...draft);
      return;
    }
    this.#gather(draft);
    if (this.#drafts.length >= blockExchangesMax || this.#end >= blockBytesMax) this.end();
  }

  /** Writes what was gathered. */
  end(): void {
    if (this.#drafts.length === 0) return;
    const block = this.#packed === 0 ? null : this.#writeBlock();
    let pointing = 0;
    for (const draft of this.#drafts) {
      const packed = draft[at.blockAt] !== null;
      if (packed) draft[at.block] = block;
      const { changes } = this.#insert.run(++this.#seq, ...draft);
      if (packed && changes !== 0) pointing++;
    }
    if (pointing < this.#packed) this.#correct(block, pointing);
    this.begin(this.#compress);
  }

  /** Exchanges that were there already point to where their content was stored the first time. */
  #correct(block: SqlValue, pointing: number): void {
    if (pointing === 0) this.#dropBlock.run(block);
    else this.#correctBlock.run(pointing, block);
  }

  #gather(draft: Draft): void {
    this.#drafts.push(draft);
    const content = draft[at.content];
    if (!(content instanceof Uint8Array)) return;
    if (this.#end + content.length > this.#contents.length) {
      const larger = Buffer.allocUnsafe(this.#end + content.length);
      this.#contents.copy(larger, 0, 0, this.#end);
      this.#contents = larger;
    }
    this.#contents.set(content, this.#end);
    draft[at.blockAt] = this.#end;
    draft[at.blockBytes] = content.length;
    draft[at.content] = null;
    this.#end += content.length;
    this.#packed++;
  }

  #writeBlock(): SqlValue {
    const data = zstdCompressSync(this.#contents.subarray(0, this.#end), level);
    return this.#insertBlock.run(this.#packed, data).lastInsertRowid;
  }
}
