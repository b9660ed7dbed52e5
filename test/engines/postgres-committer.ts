import type { NewExchange } from "../../src/kernel/exchange.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import type { CommitOrder } from "../../src/engines/postgres/commit-order.ts";
import type { Param, Query } from "../../src/engines/postgres/database.ts";
import { paramsOf, uuidOf, writtenColumns } from "../../src/engines/postgres/exchange-row.ts";
import type { Node } from "../../src/engines/postgres/node.ts";
import { dayOf, type Partitions } from "../../src/engines/postgres/partitions.ts";
import { ask, joined, sql, text } from "../../src/engines/postgres/sql.ts";
import { packBlock } from "../../src/engines/stored/block.ts";
import { contentBytes } from "../../src/engines/stored/content.ts";
import { numberOf } from "../../src/engines/stored/row.ts";

type Stored = { readonly block: string | null; readonly at: number | null; readonly bytes: number | null };

const rowsPerStatement = 1_000;
const blockExchangesMin = 10;
const columns = text(`seq, number, ${writtenColumns.join(", ")}, block, block_at, block_bytes, content`);

/** Commits exchanges and jobs as a journal does, without its groups and verdicts: what a ledger is tried on. */
export function postgresCommitter(node: Node, order: CommitOrder, partitions: Partitions) {
  return async (exchanges: readonly NewExchange[], jobs: readonly NewJob[]): Promise<void> => {
    await partitions.ensure(exchanges.map(({ id }) => id));
    for (let n = 0; n < exchanges.length; n += rowsPerStatement)
      await node.writing.transaction((within) =>
        insertExchanges(within, order, exchanges.slice(n, n + rowsPerStatement)),
      );
    for (const job of jobs) await insertJob(node.writing, job);
  };
}

async function insertExchanges(
  within: Query,
  order: CommitOrder,
  rows: readonly NewExchange[],
): Promise<void> {
  const contents = rows.map(contentBytes);
  const stored = rows.length < blockExchangesMin ? undefined : await inBlocks(within, rows, contents);
  const numbers = new Map<string, number>();
  for (const [workspace, some] of Map.groupBy(rows, (row) => row.workspace))
    numbers.set(workspace, await firstNumber(within, workspace, some.length));
  const values = rows.map((row, n) => {
    const number = row.attempt === null ? (numbers.get(row.workspace) ?? 0) : null;
    if (number !== null) numbers.set(row.workspace, number + 1);
    const { block = null, at = null, bytes = null } = stored?.[n] ?? {};
    const all: Param[] = [
      number,
      ...paramsOf(row),
      block,
      at,
      bytes,
      block === null ? (contents[n] ?? null) : null,
    ];
    return sql`(${text(order.position(String(n)))}, ${joined(
      all.map((value) => sql`${value}`),
      ", ",
    )})`;
  });
  await ask(within, sql`insert into exchange (${columns}) values ${joined(values, ", ")}`);
}

/** Blocks of one day each, as `sealing` makes them. */
async function inBlocks(
  within: Query,
  rows: readonly NewExchange[],
  contents: readonly (Uint8Array | null)[],
) {
  const stored: Stored[] = rows.map(() => ({ block: null, at: null, bytes: null }));
  const full = rows.flatMap((row, n) => (contents[n] === null ? [] : [{ id: row.id, n }]));
  for (let from = 0; from < full.length; from += 64)
    for (const some of Map.groupBy(full.slice(from, from + 64), ({ id }) => dayOf(id)).values()) {
      const { data, places } = await packBlock(some.map(({ n }) => contents[n] ?? new Uint8Array()));
      const block = uuidOf(some[0]?.id ?? "");
      await ask(
        within,
        sql`insert into block (id, exchanges, data) values (${block}, ${some.length}, ${data})`,
      );
      for (const [i, { n }] of some.entries()) stored[n] = { block, at: 0, bytes: 0, ...places[i] };
    }
  return stored;
}

async function firstNumber(within: Query, workspace: string, count: number): Promise<number> {
  const [row] = await ask(
    within,
    sql`insert into numbering (workspace, last) values (${workspace}, ${count})
    on conflict (workspace) do update set last = numbering.last + excluded.last returning last`,
  );
  return row === undefined ? 0 : numberOf(row, "last") - count + 1;
}

async function insertJob(within: Query, job: NewJob): Promise<void> {
  await ask(
    within,
    sql`insert into job (id, workspace, name, payload, lane, key, due_at, attempt, exchange, received_at, subject)
    values (${job.id}, ${job.workspace}, ${job.name}, ${job.payload}, ${job.lane}, ${job.key}, ${job.dueAt},
      ${job.attempt}, ${uuidOf(job.exchange)}, ${job.receivedAt}, ${job.subject})`,
  );
}
