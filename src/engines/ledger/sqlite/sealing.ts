import type { Statement } from "../../sqlite/statements.ts";
import { blockBytesMax, blockExchangesMax, packBlock, type Packed } from "../../stored/block.ts";
import { bytesOf, numberOf, type Row } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { storedColumns } from "../../sqlite/traffic-schema.ts";
import type { Turns } from "../turns.ts";

/** A smaller block compresses badly: its rows wait for more. */
const blockExchangesMin = 32;
/** How far one query looks for raw rows. */
const rowsLookedAtMax = 20_000;

export type Sealing = {
  /** Packs up to `limit` rows; returns how many. */
  seal(limit: number): Promise<number>;
  /** The row is raw again. */
  reopen(seq: number): void;
};

/** There is no index of raw rows: all up to `sealedTo` are known to be sealed, from the beginning on after a start. */
export function sealing(file: TrafficFile, turn: Turns): Sealing {
  let sealedTo = 0;

  const sealBlock = async (limit: number): Promise<number> => {
    const found = await nextRaw(file, sealedTo, limit);
    sealedTo = found.sealedTo;
    if (found.rows.length === 0) return 0;
    const block = await packBlock(found.rows.map((row) => bytesOf(row, "content")));
    const written = await file.write(blockOf(found.rows, block));
    const last = found.rows.at(-1);
    if (last !== undefined) sealedTo = numberOf(last, "seq");
    return written.at(-1)?.changes ?? 0;
  };

  return {
    async seal(limit) {
      let sealed = 0;
      while (sealed < limit) {
        const packed = await turn(() => sealBlock(limit - sealed));
        if (packed === 0) break;
        sealed += packed;
      }
      return sealed;
    },
    reopen: (seq) => {
      sealedTo = Math.min(sealedTo, seq - 1);
    },
  };
}

/** Rows stop where their contents reach the size of a block, the row that reaches it included. */
const raw = `select seq, content from (
    select seq, content, sum(length(content)) over (order by seq) - length(content) as before
    from exchange where seq > ? and seq <= ? and content is not null order by seq limit ?)
  where before < ${blockBytesMax} order by seq`;

/** The raw rows of the next block, none when there are too few for one; everything up to `sealedTo` is sealed. */
async function nextRaw(file: TrafficFile, from: number, limit: number) {
  let sealedTo = from;
  for (;;) {
    const [bounds] = await file.read(
      "select (select min(seq) from exchange where seq > ?) as first, (select max(seq) from exchange) as last",
      [sealedTo],
    );
    if (typeof bounds?.["first"] !== "number") return { sealedTo, rows: [] };
    const end = Math.min(bounds["first"] + rowsLookedAtMax, numberOf(bounds, "last"));
    const rows = await file.read(raw, [sealedTo, end, Math.min(limit, blockExchangesMax)]);
    const [first] = rows;
    if (first === undefined) {
      sealedTo = end;
      continue;
    }
    // A few raw rows before a long sealed stretch, such as redacted ones, make a small block of their own.
    const enough = rows.length >= Math.min(limit, blockExchangesMin) || isFull(rows);
    const waits = !enough && end === bounds["last"];
    return { sealedTo: numberOf(first, "seq") - 1, rows: waits ? [] : rows };
  }
}

function isFull(rows: readonly Row[]): boolean {
  return rows.reduce((sum, row) => sum + bytesOf(row, "content").length, 0) >= blockBytesMax;
}

const columns = storedColumns.join(", ");
const qualifiedColumns = storedColumns.map((name) => `exchange.${name}`).join(", ");
const newBlock = "(select max(id) from block)";

/**
 * Rows are taken out and put back with their seqs: emptying them where they are would leave their pages mostly
 * unused, since SQLite joins pages only when rows are deleted. Rows that are no longer raw stay as they are, and a
 * block that nothing came to point to is not kept. The last statement changes as many rows as were packed.
 */
function blockOf(rows: readonly Row[], { data, places }: Packed): readonly Statement[] {
  const placed = rows.map((row, n) => [numberOf(row, "seq"), places[n]?.at ?? 0, places[n]?.bytes ?? 0]);
  return [
    // Made once by the connection: every change of its schema would prepare all its statements anew.
    {
      sql: `create temp table if not exists packed as
        select ${columns}, block, block_at, block_bytes from exchange where false`,
      params: [],
    },
    { sql: "insert into block (exchanges, data) values (0, ?)", params: [data] },
    {
      sql: `insert into packed
        select ${qualifiedColumns}, ${newBlock}, place.value ->> 1, place.value ->> 2
        from json_each(?) as place cross join exchange on seq = place.value ->> 0 where content is not null`,
      params: [JSON.stringify(placed)],
    },
    { sql: "delete from exchange where seq in (select seq from packed)", params: [] },
    {
      sql: `insert into exchange (${columns}, block, block_at, block_bytes) select * from packed order by seq`,
      params: [],
    },
    { sql: `update block set exchanges = (select count(*) from packed) where id = ${newBlock}`, params: [] },
    { sql: `delete from block where id = ${newBlock} and exchanges = 0`, params: [] },
    { sql: "delete from packed", params: [] },
  ];
}
