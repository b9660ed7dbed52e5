import type { Exchange } from "../../../kernel/exchange.ts";
import { exchangeTimeMs } from "../../../kernel/id.ts";
import { exchangeOf, readColumns, uuidOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { unpackBlock } from "../../stored/block.ts";
import { bytesOf, numberOf, type Row } from "../../stored/row.ts";
import { recentCache, type RecentCache } from "../recent.ts";

const byId = `select ${readColumns}, exchange.block_at, exchange.block_bytes, exchange.content, block.data
from exchange left join block on block.id = exchange.block
where exchange.id = $1 and exchange.workspace = $2`;

export function postgresRecent(node: Node): RecentCache {
  const cache = recentCache({
    async get(workspace, id) {
      if (exchangeTimeMs(id) === undefined) return undefined;
      const [row] = await node.database.query(byId, [uuidOf(id), workspace], "recent");
      return row === undefined ? undefined : stored(row);
    },
  });
  node.listener.on("sluice_content", (id) => cache.drop(id));
  return cache;
}

async function stored(row: Row): Promise<Exchange> {
  if (!(row["data"] instanceof Uint8Array)) return exchangeOf(row);
  const contents = await unpackBlock(bytesOf(row, "data"));
  const at = numberOf(row, "block_at");
  return exchangeOf({ ...row, content: contents.subarray(at, at + numberOf(row, "block_bytes")) });
}
