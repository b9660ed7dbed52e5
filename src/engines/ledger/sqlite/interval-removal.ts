import { named } from "../../sqlite/traffic-schema.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { grains, keptFrom } from "../intervals.ts";
import type { Turns } from "../turns.ts";

/** Intervals removed in one transaction, of tens of kilobytes each: commits wait behind it. */
const chunkRowsMax = 100;

type Keys = { readonly workspace: string; readonly before: number; readonly limit: number };

/** Removes up to `limit` intervals of hours that are wholly before `before`, oldest first. */
export async function expireIntervals(
  file: TrafficFile,
  turn: Turns,
  { workspace, before, limit }: Keys,
): Promise<void> {
  let left = limit;
  for (const grain of grains)
    for (let chunk = Math.min(chunkRowsMax, left); left > 0 && chunk > 0;) {
      const params = [workspace, grain, keptFrom(before), chunk];
      const gone = await turn(() => removeChunk(file, params));
      left -= gone;
      if (gone < chunk) break;
      chunk = Math.min(chunkRowsMax, left);
    }
}

/** Asked beforehand, so that the writer is left alone when there is nothing to do. */
async function removeChunk(file: TrafficFile, params: readonly (string | number)[]): Promise<number> {
  const [due] = await file.read(`select count(*) as count from (${picked})`, params);
  if (due?.["count"] === 0) return 0;
  const [written] = await file.write([
    { sql: `delete from interval_summary where rowid in (${picked})`, params },
  ]);
  return written?.changes ?? 0;
}

const picked = `select rowid from interval_summary indexed by interval_summary_place
  where workspace = ${named} and grain = ? and at < ? order by at limit ?`;
