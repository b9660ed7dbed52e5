import type { Query } from "../../postgres/database.ts";
import { idOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { ask, sql, text, type Sql } from "../../postgres/sql.ts";
import { textOf } from "../../stored/row.ts";
import type { Due } from "../ledger.ts";
import { keepRolled, unroll } from "./unrolling.ts";
import { isStorable, between } from "./where.ts";

/** Rows removed in one transaction: who wants to change one of them waits for it. */
const chunkRowsMax = 500;

type Keys = { readonly workspace: string; readonly limit: number };

/**
 * An open job names its event and when that was received, and every exchange of the event has the same time of
 * receipt: that is how an index finds the job.
 */
const hasJob = text(`exists (
  select 1 from job where job.workspace = candidate.workspace and job.received_at = candidate.received_at
    and job.exchange in (candidate.id, candidate.parent))`);

/** Removes what is due and has no open job, oldest first; returns how many. */
export function expireRows(node: Node, { workspace, before, limit }: Due & Keys): Promise<number> {
  const old = between("candidate.started_at", undefined, before);
  return inChunks(node, limit, sql`workspace = ${workspace} and ${old} and not ${hasJob}`);
}

/** Removes what is about the subject, at work or not; returns how many. */
export async function purgeRows(node: Node, keys: Keys & { subject: string }): Promise<number> {
  if (!isStorable(keys.workspace) || !isStorable(keys.subject)) return 0;
  return inChunks(node, keys.limit, sql`workspace = ${keys.workspace} and subject = ${keys.subject}`);
}

async function inChunks(node: Node, limit: number, due: Sql): Promise<number> {
  let removed = 0;
  while (removed < limit) {
    const rows = Math.min(chunkRowsMax, limit - removed);
    const gone = await node.database.transaction((within) => removeChunk(within, due, rows));
    for (const id of gone) node.announce("sluice_content", idOf(id));
    if (gone.length === 0) break;
    removed += gone.length;
  }
  return removed;
}

/**
 * Rows that someone else is changing are left for the next chunk. Blocks lose what they hold of the rows, in the order
 * of their ids so that two who remove do not wait for each other, and go when nothing points to them any more.
 */
async function removeChunk(within: Query, due: Sql, limit: number): Promise<readonly string[]> {
  await keepRolled(within);
  const rows = await ask(
    within,
    sql`select id, block from exchange as candidate where ${due}
    order by started_at, id limit ${limit} for update skip locked`,
  );
  const ids = rows.map((row) => textOf(row, "id"));
  const blocks = rows.flatMap((row) => (row["block"] === null ? [] : [textOf(row, "block")]));
  if (ids.length === 0) return ids;
  await unroll(within, sql`exchange where id = any(${ids})`);
  await ask(within, sql`delete from exchange where id = any(${ids})`);
  if (blocks.length > 0) await leaveBlocks(within, blocks);
  return ids;
}

/** Each of these blocks, as often as it is named, is pointed to by one exchange less. */
export async function leaveBlocks(within: Query, blocks: readonly string[]): Promise<void> {
  const different = [...new Set(blocks)];
  await ask(within, sql`select 1 from block where id = any(${different}) order by id for update`);
  await ask(
    within,
    sql`update block set exchanges = exchanges - leaving.count
    from (select id, count(*) as count from unnest(${blocks}::uuid[]) as id group by id) as leaving
    where block.id = leaving.id and block.id = any(${different})`,
  );
  await ask(within, sql`delete from block where id = any(${different}) and exchanges <= 0`);
}
