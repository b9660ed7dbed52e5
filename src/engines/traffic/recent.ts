import type { NewExchange } from "../../kernel/exchange.ts";
import { isBare } from "../stored/content.ts";
import type { Entry, Recent } from "./traffic.ts";

/** Of each of the two generations, so that the whole stays below 32 MiB. */
const generationBytesMax = 16 * 1024 * 1024;
/** What an exchange weighs beside its bodies, roughly. */
const exchangeBytes = 1_500;
const headerBytes = 100;

type Kept = { readonly exchange: NewExchange; readonly number: number | null; readonly bytes: number };

/** Fresh exchanges from memory, older ones as they are stored. */
export type RecentCache = Recent & {
  keep(exchange: NewExchange, number: number | null): void;
  /** To be called when the content of an exchange was changed or removed; without an id, when any may have been. */
  drop(id?: string): void;
};

export function recentCache(stored: Recent): RecentCache {
  // Two generations instead of one list in order of use: dropping the oldest entries of a Map one by one is slow.
  let young = new Map<string, Kept>();
  let old = new Map<string, Kept>();
  let youngBytes = 0;

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
    drop(id) {
      if (id === undefined) {
        young = new Map();
        old = new Map();
        youngBytes = 0;
        return;
      }
      youngBytes -= young.get(id)?.bytes ?? 0;
      young.delete(id);
      old.delete(id);
    },
    async get(workspace, id) {
      let kept = young.get(id);
      if (kept === undefined) {
        kept = old.get(id);
        if (kept === undefined) return stored.get(workspace, id);
        put(kept);
      }
      return kept.exchange.workspace === workspace ? { ...kept.exchange, number: kept.number } : undefined;
    },
  };
}

/** Of the exchanges of a commit those that are read back soon, as a stale or whole commit wrote them. */
export function keepWorking(
  cache: RecentCache,
  entry: Pick<Entry, "exchanges" | "jobs">,
  stale: boolean,
  numberOf: (index: number) => number | null,
): void {
  // Only what a job works for is read back soon; keeping the rest, such as attempts, costs garbage collection.
  if (entry.jobs.length === 0) return;
  const working = new Set(entry.jobs.map((job) => job.exchange));
  for (const [index, exchange] of entry.exchanges.entries()) {
    if (!working.has(exchange.id)) continue;
    cache.keep(stale && exchange.ending !== null ? { ...exchange, ending: null } : exchange, numberOf(index));
  }
}

function bytesOf({ request, response }: NewExchange): number {
  const headers = request.headers.length + (response?.headers.length ?? 0);
  const bodies = (request.body?.bytes.length ?? 0) + (response?.body?.bytes.length ?? 0);
  return exchangeBytes + headerBytes * headers + bodies;
}
