import type { Statement } from "../../sqlite/statements.ts";
import { idText } from "../../sqlite/exchange-row.ts";
import { bytesOf, numberOf } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { named } from "../../sqlite/traffic-schema.ts";
import { unrolling } from "./rolling.ts";
import type { Turns } from "../turns.ts";
import { clause, joined, type Clause } from "./clause.ts";
import { ofWorkspace, subjectsOf, workspaceOf } from "./where.ts";

/** Rows removed in one transaction: commits wait behind it. */
const chunkRowsMax = 250;

type Keys = { readonly workspace: string; readonly limit: number };

/**
 * An open job names its event and when that was received, and every exchange of the event has the same time of
 * receipt: that is how an index finds the job. To be given the workspace.
 */
const atWork = (row: string) => `exists (
  select 1 from job where job.workspace = ? and job.received_at = ${row}.received_at
    and job.exchange in (${row}.id, ${row}.parent))`;

/** Removes what started before `before` and has no open job, oldest first; returns how many. */
export function expireRows(file: TrafficFile, turn: Turns, keys: Keys & { before: number }): Promise<number> {
  const oldest = (limit: number) =>
    joined(
      [
        workspaceOf(keys.workspace),
        subjectsOf(undefined),
        clause(
          `select exchange.seq from subject cross join exchange where exchange.seq in (
            select candidate.seq from exchange as candidate indexed by exchange_list
            where candidate.${ofWorkspace} and candidate.subject = subject.id and candidate.started_at < ?
              and not ${atWork("candidate")}
            order by candidate.started_at, candidate.id limit ?)
          order by exchange.started_at, exchange.id limit ?`,
          keys.before,
          keys.workspace,
          limit,
          limit,
        ),
      ],
      " ",
    );
  const still = clause(`not ${atWork("gone")}`, keys.workspace);
  return inChunks(keys.limit, (limit) => turn(() => removeChunk(file, oldest(limit), still)));
}

/** Removes what is about the subject, at work or not; returns how many. */
export function purgeRows(file: TrafficFile, turn: Turns, keys: Keys & { subject: string }): Promise<number> {
  const next = (limit: number) =>
    clause(
      `select seq from exchange indexed by exchange_list
      where workspace = ${named} and subject = ${named} order by started_at, id limit ?`,
      keys.workspace,
      keys.subject,
      limit,
    );
  return inChunks(keys.limit, (limit) => turn(() => removeChunk(file, next(limit), clause("true"))));
}

async function inChunks(limit: number, remove: (limit: number) => Promise<number>): Promise<number> {
  let removed = 0;
  while (removed < limit) {
    const chunk = await remove(Math.min(chunkRowsMax, limit - removed));
    if (chunk === 0) break;
    removed += chunk;
  }
  return removed;
}

/** `still` is asked again in the transaction, of the row `gone`: a job may have been opened since. */
async function removeChunk(file: TrafficFile, picked: Clause, still: Clause): Promise<number> {
  const rows = await file.read(picked.sql, picked.params);
  if (rows.length === 0) return 0;
  const seqs = JSON.stringify(rows.map((row) => numberOf(row, "seq")));
  const written = await file.write(removing(seqs, still));
  const removed = written.at(-1)?.rows ?? [];
  for (const row of removed) file.changed(idText(bytesOf(row, "id")));
  return removed.length;
}

/**
 * The greatest seq and number are written down, so that neither is given again: a follower of `since` that is past the
 * row would miss what came in its place. Blocks lose what they hold of the rows, and go when nothing points to them
 * any more. Then the rows go.
 */
function removing(seqs: string, still: Clause): readonly Statement[] {
  const gone = `gone.seq in (select value from json_each(?)) and ${still.sql}`;
  const params = [seqs, ...still.params];
  return [
    ...unrolling(gone, params),
    {
      sql: `update removal set seq = max(seq, last) from (select max(seq) as last from exchange as gone where ${gone})
        where last is not null`,
      params,
    },
    {
      sql: `insert into numbering (workspace, last) select workspace, max(number) from exchange as gone
        where ${gone} and number is not null group by workspace
        on conflict (workspace) do update set last = max(last, excluded.last)`,
      params,
    },
    {
      sql: `update block set exchanges = exchanges - leaving.count
        from (select block, count(*) as count from exchange as gone
          where ${gone} and block is not null group by block) as leaving
        where block.id = leaving.block`,
      params,
    },
    {
      sql: `delete from block where exchanges <= 0 and id in (select block from exchange as gone where ${gone})`,
      params,
    },
    { sql: `delete from exchange as gone where ${gone} returning id`, params },
  ];
}
