import type { Exchange } from "../../../kernel/exchange.ts";
import { exchangeOf, idBytes } from "../../sqlite/exchange-row.ts";
import { bytesOf, numberOf, type Row } from "../../stored/row.ts";
import { takenOut } from "../../stored/block.ts";
import { contentBytes, factsText } from "../../stored/content.ts";
import { exchangeColumns, named } from "../../sqlite/traffic-schema.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { keptTrue } from "../kept-true.ts";
import type { Redacted } from "../ledger.ts";

const stored = `select ${exchangeColumns}, block.id as block, block.data, exchange.block_at, exchange.block_bytes,
  case when block.id is null then exchange.content
    else content_of(block.id, block.data, exchange.block_at, exchange.block_bytes) end as content
  from exchange left join block on block.id = exchange.block where exchange.id = ? and exchange.workspace = ${named}`;

/**
 * Replaces what was said in one exchange and overwrites it where it is stored: a block is packed anew without it.
 * Returns the row's seq, or undefined when the exchange is unknown.
 */
export async function redactRow(
  file: TrafficFile,
  key: { readonly workspace: string; readonly id: string },
  replace: (exchange: Exchange) => Redacted,
): Promise<number | undefined> {
  const [row] = await file.read(stored, [idBytes(key.id), key.workspace]);
  if (row === undefined) return undefined;
  const exchange = exchangeOf(row);
  const by = { ...exchange, ...replace(exchange) };
  const { host, path, error, facts } = by;
  const content = contentBytes(keptTrue(exchange, by));
  const seq = numberOf(row, "seq");
  await file.write([
    ...(error === null
      ? []
      : [{ sql: "insert into name (text) values (?) on conflict do nothing", params: [error] }]),
    {
      sql: `update exchange set content = ?, block = null, block_at = null, block_bytes = null, host = ?, path = ?,
        error = ${named}, facts = ? where seq = ?`,
      params: [content, host, path, error, factsText(facts), seq],
    },
    ...(row["block"] === null ? [] : await withoutIt(row)),
  ]);
  return seq;
}

async function withoutIt(row: Row) {
  const block = numberOf(row, "block");
  const place = { at: numberOf(row, "block_at"), bytes: numberOf(row, "block_bytes") };
  return [
    {
      sql: "update block set data = ?, exchanges = exchanges - 1 where id = ?",
      params: [await takenOut(bytesOf(row, "data"), place), block],
    },
    { sql: "delete from block where id = ? and exchanges <= 0", params: [block] },
  ];
}
