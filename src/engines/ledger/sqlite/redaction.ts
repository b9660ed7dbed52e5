import { promisify } from "node:util";
import { zstdCompress, zstdDecompress } from "node:zlib";
import type { Body, Exchange, Message } from "../../../kernel/exchange.ts";
import { exchangeOf, idBytes } from "../../sqlite/exchange-row.ts";
import { bytesOf, numberOf, type Row } from "../../stored/row.ts";
import { contentBytes } from "../../stored/content.ts";
import { exchangeColumns, named } from "../../sqlite/traffic-schema.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

type Content = Pick<Exchange, "request" | "response">;

const stored = `select ${exchangeColumns}, block.id as block, block.data, exchange.block_at, exchange.block_bytes,
  case when block.id is null then exchange.content
    else content_of(block.id, block.data, exchange.block_at, exchange.block_bytes) end as content
  from exchange left join block on block.id = exchange.block where exchange.id = ? and exchange.workspace = ${named}`;

/**
 * Replaces the content of one exchange and overwrites it where it is stored: a block is packed anew without it.
 * Returns the row's seq, or undefined when the exchange is unknown.
 */
export async function redactRow(
  file: TrafficFile,
  key: { readonly workspace: string; readonly id: string },
  replace: (exchange: Exchange) => Content,
): Promise<number | undefined> {
  const [row] = await file.read(stored, [idBytes(key.id), key.workspace]);
  if (row === undefined) return undefined;
  const exchange = exchangeOf(row);
  const content = contentBytes(keptTrue(exchange, replace(exchange)));
  const seq = numberOf(row, "seq");
  await file.write([
    {
      sql: "update exchange set content = ?, block = null, block_at = null, block_bytes = null where seq = ?",
      params: [content, seq],
    },
    ...(row["block"] === null ? [] : await takenOut(row)),
  ]);
  return seq;
}

/** The bytes are zeroed where they were, so that nothing else in the block moves. */
async function takenOut(row: Row) {
  const contents = await decompress(bytesOf(row, "data"));
  const at = numberOf(row, "block_at");
  contents.fill(0, at, at + numberOf(row, "block_bytes"));
  const block = numberOf(row, "block");
  return [
    {
      sql: "update block set data = ?, exchanges = exchanges - 1 where id = ?",
      params: [await compress(contents), block],
    },
    { sql: "delete from block where id = ? and exchanges <= 0", params: [block] },
  ];
}

/** What was received stays what is said about it: only headers and the bytes of bodies are taken from `by`. */
function keptTrue(exchange: Exchange, by: Content): Content {
  return {
    request: replaced(exchange.request, by.request),
    response: exchange.response && replaced(exchange.response, by.response),
  };
}

function replaced(message: Message, by: Message | null): Message {
  return { headers: by?.headers ?? [], body: message.body && replacedBody(message.body, by?.body ?? null) };
}

function replacedBody(body: Body, by: Body | null): Body {
  return { ...body, bytes: by?.bytes ?? new Uint8Array(0) };
}
