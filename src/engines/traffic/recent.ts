import type { Exchange, NewExchange } from "../../kernel/exchange.ts";
import { exchangeTimeMs } from "../../kernel/id.ts";
import { exchangeOf, idBytes, isBare } from "../sqlite/exchange-row.ts";
import type { TrafficFile } from "../sqlite/traffic-file.ts";
import { selectWithContent } from "../sqlite/traffic-schema.ts";
import type { Recent } from "./traffic.ts";

const cacheBytesMax = 64 * 1024 * 1024;
/** What an exchange weighs beside its bodies, roughly. */
const exchangeBytes = 1_500;
const headerBytes = 100;

type Kept = { readonly exchange: NewExchange; readonly number: number | null; readonly bytes: number };

/** Fresh exchanges from memory, older ones from the file. */
export type RecentCache = Recent & { keep(exchange: NewExchange, number: number | null): void };

export function recentCache(file: TrafficFile): RecentCache {
  const kept = new Map<string, Kept>();
  let total = 0;

  const drop = (id: string, bytes: number) => {
    kept.delete(id);
    total -= bytes;
  };

  return {
    keep(exchange, number) {
      if (isBare(exchange) || kept.has(exchange.id)) return;
      const bytes = bytesOf(exchange);
      if (bytes > cacheBytesMax) return;
      kept.set(exchange.id, { exchange, number, bytes });
      total += bytes;
      for (const [id, oldest] of kept) {
        if (total <= cacheBytesMax) break;
        drop(id, oldest.bytes);
      }
    },
    async get(workspace, id) {
      const fresh = kept.get(id);
      if (fresh === undefined) return fromFile(file, workspace, id);
      if (fresh.exchange.workspace !== workspace) return undefined;
      kept.delete(id);
      kept.set(id, fresh);
      return { ...fresh.exchange, number: fresh.number };
    },
  };
}

async function fromFile(file: TrafficFile, workspace: string, id: string): Promise<Exchange | undefined> {
  if (exchangeTimeMs(id) === undefined) return undefined;
  const sql = `${selectWithContent} where exchange.id = ? and exchange.workspace = ?`;
  const row = (await file.read(sql, [idBytes(id), workspace]))[0];
  return row === undefined ? undefined : exchangeOf(row);
}

function bytesOf({ request, response }: NewExchange): number {
  const headers = request.headers.length + (response?.headers.length ?? 0);
  const bodies = (request.body?.bytes.length ?? 0) + (response?.body?.bytes.length ?? 0);
  return exchangeBytes + headerBytes * headers + bodies;
}
