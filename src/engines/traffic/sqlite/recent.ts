import { exchangeTimeMs } from "../../../kernel/id.ts";
import { exchangeOf, idBytes } from "../../sqlite/exchange-row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { named, selectWithContent } from "../../sqlite/traffic-schema.ts";
import { recentCache, type RecentCache } from "../recent.ts";

const byId = `${selectWithContent()} where exchange.id = ? and exchange.workspace = ${named}`;

export function sqliteRecent(file: TrafficFile): RecentCache {
  const cache = recentCache({
    async get(workspace, id) {
      if (exchangeTimeMs(id) === undefined) return undefined;
      const row = (await file.read(byId, [idBytes(id), workspace]))[0];
      return row === undefined ? undefined : exchangeOf(row);
    },
  });
  file.onChanged((id) => cache.drop(id));
  return cache;
}
