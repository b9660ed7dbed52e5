import type { Exchange, NewExchange } from "../../../kernel/exchange.ts";
import { exchangeTimeMs } from "../../../kernel/id.ts";
import { exchangeOf, idBytes } from "../../sqlite/exchange-row.ts";
import { isBare } from "../../stored/content.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { named, selectWithContent } from "../../sqlite/traffic-schema.ts";
import type { Recent } from "../traffic.ts";

/** Of each of the two generations, so that the whole stays below 32 MiB. */
const generationBytesMax = 16 * 1024 * 1024;
/** What an exchange weighs beside its bodies, roughly. */
const exchangeBytes = 1_500;
const headerBytes = 100;

type Kept = { readonly exchange: NewExchange; readonly number: number | null; readonly bytes: number };

/** Fresh exchanges from memory, older ones from the file. */
export type RecentCache = Recent & {
  keep(exchange: NewExchange, number: number | null): void;
  /** From now on it is read from the file. */
  drop(id: string): void;
};

export function recentCache(file: TrafficFile): RecentCache {
  // Two generations instead of one list in order of use: dropping the oldest entries of a Map one by one is slow.
  let young = new Map<string, Kept>();
  let old = new Map<string, Kept>();
  let youngBytes = 0;

  const drop = (id: string) => {
    const kept = young.get(id);
    if (kept !== undefined) youngBytes -= kept.bytes;
    young.delete(id);
    old.delete(id);
  };
  file.onChanged(drop);

  const put = (kept: Kept) => {
    if (youngBytes + kept.bytes > generationBytesMax) {
      old = young;
      young = new Map();
      youngBytes = 0;
    }
    young.set(kept.exchange.id, kept);
    youngBytes += kept.bytes;
  };

  return {
    keep(exchange, number) {
      if (isBare(exchange) || young.has(exchange.id)) return;
      const bytes = bytesOf(exchange);
      if (bytes <= generationBytesMax) put({ exchange, number, bytes });
    },
    drop,
    async get(workspace, id) {
      let kept = young.get(id);
      if (kept === undefined) {
        kept = old.get(id);
        if (kept === undefined) return fromFile(file, workspace, id);
        put(kept);
      }
      return kept.exchange.workspace === workspace ? { ...kept.exchange, number: kept.number } : undefined;
    },
  };
}

async function fromFile(file: TrafficFile, workspace: string, id: string): Promise<Exchange | undefined> {
  if (exchangeTimeMs(id) === undefined) return undefined;
  const sql = `${selectWithContent} where exchange.id = ? and exchange.workspace = ${named}`;
  const row = (await file.read(sql, [idBytes(id), workspace]))[0];
  return row === undefined ? undefined : exchangeOf(row);
}

function bytesOf({ request, response }: NewExchange): number {
  const headers = request.headers.length + (response?.headers.length ?? 0);
  const bodies = (request.body?.bytes.length ?? 0) + (response?.body?.bytes.length ?? 0);
  return exchangeBytes + headerBytes * headers + bodies;
}
