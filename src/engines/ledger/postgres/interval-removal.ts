import type { Node } from "../../postgres/node.ts";
import { ask, sql } from "../../postgres/sql.ts";
import { grains, keptFrom } from "../intervals.ts";
import { between } from "./where.ts";

/** Intervals removed in one transaction. */
const chunkRowsMax = 500;

type Keys = { readonly workspace: string; readonly before: number; readonly limit: number };

/** Removes up to `limit` intervals of hours that are wholly before `before`; those that someone adds to stay until then. */
export async function expireIntervals(
  { database }: Pick<Node, "database">,
  { workspace, before, limit }: Keys,
): Promise<void> {
  for (let left = limit; left > 0;) {
    const chunk = Math.min(chunkRowsMax, left);
    const gone = await ask(
      database,
      sql`delete from interval_summary where ctid = any(array(
        select ctid from interval_summary where workspace = ${workspace} and grain = any(${grains}::bigint[])
          and ${between("at", undefined, keptFrom(before))}
        limit ${chunk} for update skip locked)) returning 1`,
    );
    left -= gone.length;
    if (gone.length < chunk) return;
  }
}
