import type { Exchange } from "../../../kernel/exchange.ts";
import { exchangeOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { askPlanned, sql } from "../../postgres/sql.ts";
import { unpackBlock } from "../../stored/block.ts";
import { bytesOf, numberOf, textOf, textOrNull, type Row } from "../../stored/row.ts";
import { refuseTooLarge } from "../bounds.ts";

/** Rows say how much content they have in this column, as SQL of a table or alias `exchange`. */
export const contentSize =
  "coalesce(exchange.block_bytes, octet_length(exchange.content), 0) as content_bytes";

/**
 * The exchanges of rows of `readColumns` and `contentSize`, with their content, those left out that were removed since.
 *
 * @throws Failure too_large when their content exceeds 64 MiB: before any of it is read
 */
export async function withContents(node: Node, rows: readonly Row[]): Promise<readonly Exchange[]> {
  refuseTooLarge(
    rows.length,
    rows.reduce((sum, row) => sum + numberOf(row, "content_bytes"), 0),
  );
  const contents = await contentsOf(
    node,
    rows.map((row) => textOf(row, "id")),
  );
  return rows.flatMap((row) => {
    const content = contents.get(textOf(row, "id"));
    return content === undefined ? [] : [exchangeOf({ ...row, content })];
  });
}

/** By id, null for none. One statement: what a block holds and where in it is only true of one moment. */
async function contentsOf(
  { walking }: Node,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Uint8Array | null>> {
  const rows = await askPlanned(
    walking,
    sql`with wanted as materialized (
      select id, block, block_at, block_bytes, content from exchange where id = any(${ids}))
    select id, block, block_at, block_bytes, content, null as data from wanted
    union all
    select null, block.id, null, null, null, block.data from block
    where block.id in (select distinct block from wanted where block is not null)`,
  );
  const blocks = new Map<string | null, Buffer>();
  for (const row of rows)
    if (row["data"] !== null) blocks.set(textOf(row, "block"), await unpackBlock(bytesOf(row, "data")));
  const contents = rows.filter((row) => row["id"] !== null);
  return new Map(contents.map((row) => [textOf(row, "id"), contentOf(row, blocks)]));
}

function contentOf(row: Row, blocks: ReadonlyMap<string | null, Buffer>): Uint8Array | null {
  const block = textOrNull(row, "block");
  if (block === null) return row["content"] === null ? null : bytesOf(row, "content");
  const whole = blocks.get(block);
  if (whole === undefined) throw new TypeError(`Block ${block} is missing.`);
  const at = numberOf(row, "block_at");
  return whole.subarray(at, at + numberOf(row, "block_bytes"));
}
