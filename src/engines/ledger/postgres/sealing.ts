import type { CommitOrder } from "../../postgres/commit-order.ts";
import type { Query } from "../../postgres/database.ts";
import { idOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { dayOf } from "../../postgres/partitions.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { blockBytesMax, blockExchangesMax, packBlock } from "../../stored/block.ts";
import { bytesOf, numberOf, textOf, type Row } from "../../stored/row.ts";

/** A smaller block compresses badly: its rows wait for more. */
const blockExchangesMin = 32;
/** How far one transaction looks for raw rows. */
const rowsLookedAtMax = 5_000;
/** Transactions of one call. */
const roundsMax = 1_000;

/** What one transaction did; undefined = there is nothing more to do, or another node is at it. */
type Round = { readonly sealed: number } | undefined;

/** Packs up to `limit` rows, in commit order; returns how many. */
export async function sealRows(node: Node, order: CommitOrder, limit: number): Promise<number> {
  let sealed = 0;
  for (let round = 0; round < roundsMax && sealed < limit; round++) {
    const done = await node.database.transaction((within) => sealBlocks(within, order, limit - sealed));
    if (done === undefined) break;
    sealed += done.sealed;
  }
  return sealed;
}

/** The row of `sealing` says how far all nodes have come, and who holds its lock seals. */
async function sealBlocks(within: Query, order: CommitOrder, limit: number): Promise<Round> {
  const [state] = await within.query("select seq from sealing for update skip locked");
  if (state === undefined) return undefined;
  const from = numberOf(state, "seq");
  const { rows, lookedAt, last } = await nextRaw(within, order, { from, limit });
  const isEnd = lookedAt < rowsLookedAtMax;
  const [first] = rows;
  if (isEnd && first === undefined) {
    await sealedTo(within, from, last);
    return undefined;
  }
  if (isEnd && rows.length < Math.min(limit, blockExchangesMin) && !isFull(rows)) {
    await sealedTo(within, from, first === undefined ? last : numberOf(first, "seq") - 1);
    return undefined;
  }
  const end = rows.at(-1);
  await sealedTo(within, from, end === undefined ? last : numberOf(end, "seq"));
  const days = Map.groupBy(rows, (row) => dayOf(idOf(textOf(row, "id"))));
  let sealed = 0;
  for (const ofDay of days.values()) sealed += await sealBlock(within, ofDay);
  return { sealed };
}

async function sealedTo(within: Query, from: number, seq: number): Promise<void> {
  if (seq > from) await ask(within, sql`update sealing set seq = ${seq}`);
}

/**
 * The raw rows of the next block, up to the one with which they reach its size; how many rows were looked at for them,
 * and the last of those.
 */
async function nextRaw(
  within: Query,
  order: CommitOrder,
  by: { readonly from: number; readonly limit: number },
) {
  const rows = await ask(
    within,
    sql`with ahead as materialized (
      select count(*) as looked_at, coalesce(max(seq), ${by.from}::bigint) as last from (
        select seq from exchange where seq > ${by.from} and seq < ${text(order.horizon)}
        order by seq limit ${rowsLookedAtMax}) as looked_at)
    select ahead.looked_at, ahead.last, raw.* from ahead left join (
      select id, seq, bytes, sum(bytes) over (order by seq) - bytes as before from (
        select id, seq, octet_length(content) as bytes from exchange
        where seq > ${by.from} and seq <= (select last from ahead) and content is not null
        order by seq limit ${Math.min(by.limit, blockExchangesMax)}) as candidate
    ) as raw on raw.before < ${blockBytesMax} order by raw.seq`,
  );
  const [about] = rows;
  return {
    rows: rows.filter((row) => row["id"] !== null),
    lookedAt: about === undefined ? 0 : numberOf(about, "looked_at"),
    last: about === undefined ? by.from : numberOf(about, "last"),
  };
}

function isFull(rows: readonly Row[]): boolean {
  return rows.reduce((sum, row) => sum + numberOf(row, "bytes"), 0) >= blockBytesMax;
}

/** Rows of one day that are no longer raw, or that someone is changing at this moment, stay as they are. */
async function sealBlock(within: Query, picked: readonly Row[]): Promise<number> {
  const rows = await ask(
    within,
    sql`select id, content from exchange where id = any(${picked.map((row) => textOf(row, "id"))})
      and content is not null for update skip locked`,
  );
  const [first] = rows;
  if (first === undefined) return 0;
  const { data, places } = await packBlock(rows.map((row) => bytesOf(row, "content")));
  const ids = rows.map((row) => textOf(row, "id"));
  const block = textOf(first, "id");
  await ask(within, sql`insert into block (id, exchanges, data) values (${block}, ${rows.length}, ${data})`);
  await ask(
    within,
    sql`update exchange set content = null, block = ${block}, block_at = place.at, block_bytes = place.bytes
    from unnest(${ids}::uuid[], ${places.map(({ at }) => at)}::integer[],
      ${places.map(({ bytes }) => bytes)}::integer[]) as place (id, at, bytes)
    where exchange.id = place.id and exchange.id = any(${ids})`,
  );
  return rows.length;
}
