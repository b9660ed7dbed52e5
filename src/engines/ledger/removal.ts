import type { Statement } from "../sqlite/statements.ts";
import { numberOf } from "../sqlite/exchange-row.ts";
import type { TrafficFile } from "../sqlite/traffic-file.ts";
import type { Turns } from "./turns.ts";
import { clause, joined, subjectsOf, type Clause } from "./where.ts";

/** Rows removed in one transaction: commits wait behind it. */
const chunkRowsMax = 250;

type Keys = { readonly workspace: string; readonly limit: number };

/**
 * An open job names its event and when that was received, and every exchange of the event has the same time of
 * receipt: that is how an index finds the job.
 */
const atWork = (row: string) => `exists (
  select 1 from job where job.workspace = ${row}.workspace and job.received_at = ${row}.received_at
    and job.exchange in (${row}.id, ${row}.parent))`;

/** Removes what started before `before` and has no open job, oldest first; returns how many. */
export function expireRows(file: TrafficFile, turn: Turns, keys: Keys & { before: number }): Promise<number> {
  const oldest = (limit: number) =>
    joined(
      [
        clause("with recursive"),
        subjectsOf(undefined),
        clause(
          `select exchange.seq from subject cross join exchange where exchange.seq in (
            select candidate.seq from exchange as candidate indexed by exchange_list
            where candidate.subject = subject.name and candidate.workspace = ? and candidate.started_at < ?
              and not ${atWork("candidate")}
            order by candidate.started_at, candidate.id limit ?)
          order by exchange.started_at, exchange.id limit ?`,
          keys.workspace,
          keys.before,
          limit,
          limit,
        ),
      ],
      " ",
    );
  return inChunks(keys.limit, (limit) =>
    turn(() => removeChunk(file, oldest(limit), `not ${atWork("gone")}`)),
  );
}

/** Removes what is about the subject, at work or not; returns how many. */
export function purgeRows(file: TrafficFile, turn: Turns, keys: Keys & { subject: string }): Promise<number> {
  const next = (limit: number) =>
    clause(
      `select seq from exchange indexed by exchange_list
      where subject = ? and workspace = ? order by started_at, id limit ?`,
      keys.subject,
      keys.workspace,
      limit,
    );
  return inChunks(keys.limit, (limit) => turn(() => removeChunk(file, next(limit), "true")));
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
async function removeChunk(file: TrafficFile, picked: Clause, still: string): Promise<number> {
  const rows = await file.read(picked.sql, picked.params);
  if (rows.length === 0) return 0;
  const written = await file.write(removing(JSON.stringify(rows.map((row) => numberOf(row, "seq"))), still));
  return written.slice(-2).reduce((sum, { changes }) => sum + changes, 0);
}

const newest = "(select max(seq) from exchange)";

/**
 * Blocks lose what they hold of the rows, and go when nothing points to them any more; then the rows go. The newest
 * row of all is emptied instead and goes another time, since SQLite would give its seq to the next row, and a
 * follower of `since` that is past it would miss that one. No workspace has the name "".
 */
function removing(seqs: string, still: string): readonly Statement[] {
  const gone = `gone.seq in (select value from json_each(?)) and ${still}`;
  return [
    { sql: `delete from exchange where subject = '' and workspace = '' and seq < ${newest}`, params: [] },
    {
      sql: `update block set exchanges = exchanges - leaving.count
        from (select block, count(*) as count from exchange as gone
          where ${gone} and block is not null group by block) as leaving
        where block.id = leaving.block`,
      params: [seqs],
    },
    {
      sql: `delete from block where exchanges <= 0 and id in (select block from exchange as gone where ${gone})`,
      params: [seqs],
    },
    { sql: `delete from exchange as gone where ${gone} and seq < ${newest}`, params: [seqs] },
    {
      sql: `update exchange as gone set workspace = '', subject = '', number = null, parent = null, trace = null,
        host = '', path = '', route = '', error = null, ending = null, facts = null, block = null, block_at = null,
        block_bytes = null, content = null where ${gone} and seq = ${newest}`,
      params: [seqs],
    },
  ];
}
