import type { Exchange } from "../../../kernel/exchange.ts";
import type { Database, Query } from "../../postgres/database.ts";
import { exchangeOf, readColumns, uuidOf } from "../../postgres/exchange-row.ts";
import { dayOf } from "../../postgres/partitions.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { takenOut, unpackBlock } from "../../stored/block.ts";
import { contentBytes, factsText } from "../../stored/content.ts";
import { bytesOf, numberOf, textOf, type Row } from "../../stored/row.ts";
import { keptTrue } from "../kept-true.ts";
import type { Redacted } from "../ledger.ts";
import { leaveBlocks } from "./removal.ts";

/**
 * Replaces what was said in one exchange and takes its content out of its block; false when it is unknown. PostgreSQL keeps what an
 * update replaces in its files, so the day is noted as one to be written anew, see remnants.ts.
 */
export function redactRow(
  database: Database,
  key: { readonly workspace: string; readonly id: string },
  replace: (exchange: Exchange) => Redacted,
): Promise<boolean> {
  return database.transaction(async (within) => {
    const [row] = await ask(
      within,
      sql`select ${text(readColumns)}, block, block_at, block_bytes, content from exchange
      where id = ${uuidOf(key.id)} and workspace = ${key.workspace} for update`,
    );
    if (row === undefined) return false;
    const exchange = exchangeOf({ ...row, content: await takeContent(within, row) });
    const by = { ...exchange, ...replace(exchange) };
    const { host, path, error, facts } = by;
    const content = contentBytes(keptTrue(exchange, by));
    await ask(
      within,
      sql`update exchange set content = ${content}, block = null, block_at = null, block_bytes = null,
      host = ${host}, path = ${path}, error = ${error}, facts = ${factsText(facts)} where id = ${uuidOf(key.id)}`,
    );
    await ask(within, sql`insert into remnant (day) values (${dayOf(key.id)}) on conflict do nothing`);
    return true;
  });
}

/** The row's content, which is in no block any more. */
async function takeContent(within: Query, row: Row): Promise<Uint8Array | null> {
  if (row["block"] === null) return row["content"] === null ? null : bytesOf(row, "content");
  const id = textOf(row, "block");
  const [block] = await ask(within, sql`select data from block where id = ${id} for update`);
  if (block === undefined) throw new TypeError(`Block ${id} is missing.`);
  const data = bytesOf(block, "data");
  const place = { at: numberOf(row, "block_at"), bytes: numberOf(row, "block_bytes") };
  await ask(within, sql`update block set data = ${await takenOut(data, place)} where id = ${id}`);
  await leaveBlocks(within, [id]);
  return (await unpackBlock(data)).subarray(place.at, place.at + place.bytes);
}
