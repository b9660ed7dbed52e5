import type { CommitOrder } from "../../postgres/commit-order.ts";
import { durable } from "../../postgres/database.ts";
import { writtenColumns } from "../../postgres/exchange-row.ts";
import { insertedColumns, jobRecord } from "./job-row.ts";

/** Types of `writtenColumns` that are not text. */
const types: Readonly<Record<string, string>> = {
  id: "uuid",
  parent: "uuid",
  trace: "uuid",
  started_at: "bigint",
  duration_ms: "double precision",
  status: "integer",
  attempt: "integer",
  received_at: "bigint",
};
const exchangeRecord = writtenColumns.map((name) => `${name} ${types[name] ?? "text"}`).join(", ");

/** What a verdict changes of an exchange; the others are written as they come. */
const decided: Readonly<Record<string, string>> = {
  parent: "case verdict.kind when 'duplicate' then verdict.holder else x.parent end",
  outcome: "case verdict.kind when 'duplicate' then 'duplicate' else x.outcome end",
  ending: "case verdict.kind when 'duplicate' then 'duplicate' when 'stale' then null else x.ending end",
};
const written = writtenColumns.map((name) => decided[name] ?? `x.${name}`).join(", ");

const isNew = "coalesce(verdict.kind, 'new') = 'new'";
/** What follows from an exchange that is there already followed when it was committed first. */
const follows = (row: string) =>
  `${isNew} and (${row}.first is null or ${row}.first in (select id from written))`;
/** Whether the key may be taken: it has expired, or this very exchange took it and its commit was not answered. */
const isFree = "used.expires_at <= $1 or used.exchange is not distinct from excluded.exchange";

const thisTransaction = "pg_current_xact_id()::text::bigint";

/** SQL that holds once every row of the part before was locked or written. */
const after = (part: string) => `(select count(*) from ${part}) >= 0`;

/**
 * The one statement that writes a group, whatever is in it: its text never varies, so that it is planned once a
 * connection. Rows come as JSON, which PostgreSQL takes at the price of as many single parameters; bytes come in one
 * parameter that the rows cut their parts out of, since arrays of bytes are slow.
 *
 * $1 now, $2 now as leases go, $3 slot, $4 terms (keys and finishes), $5 exchanges, $6 jobs, $7 tallies, $8 blocks,
 * $9 numbers to allot, $10 the bytes of blocks and contents, $11 summaries, $12 the bytes of their series.
 *
 * Every node takes locks in the same order, or they would wait for each other in a circle: jobs, keys, numbers,
 * exchanges, new jobs, sums, and each of them in the order of their keys. No part sees what another one wrote; what is
 * decided passes by what they return.
 */
export function groupStatement(order: CommitOrder): string {
  return `with ${decisions}, ${exchanges(order)}, ${work}
select
  (select coalesce(json_agg(json_build_object('entry', entry, 'kind', kind,
    'of', replace(case kind when 'duplicate' then holder end::text, '-', ''))), '[]')
    from verdict where kind <> 'new') as others,
  (select coalesce(json_object_agg(workspace, last), '{}') from numbered) as numbers,
  (select count(*) from written) as written,
  ${durable} as durable`;
}

/** What becomes of each entry: whether it has its job still, and its key. */
const decisions = `terms as materialized (
  select * from json_to_recordset($4) as terms (entry integer, key text, expires_at bigint, exchange uuid,
    job text, claim text, kind text, due_at bigint, attempt integer, payload text)
), held as materialized (
  select job.id, terms.entry from terms join job on job.id = terms.job
  where terms.claim is null or (job.claim = terms.claim and job.claimed_until > $2)
  order by job.id for update of job
), wanted as materialized (
  select distinct on (key) key, expires_at, exchange, entry from terms
  where key is not null and ${after("held")} and (job is null or entry in (select entry from held))
  order by key, entry
), keys as (
  insert into used (key, expires_at, exchange, taken)
  select key, expires_at, exchange, ${thisTransaction} from wanted order by key
  on conflict (key) do update set
    expires_at = case when ${isFree} then excluded.expires_at else used.expires_at end,
    exchange = case when ${isFree} then excluded.exchange else used.exchange end,
    taken = case when used.expires_at <= $1 then excluded.taken else used.taken end
  returning key, expires_at, exchange, taken
), verdict as materialized (
  select terms.entry, keys.exchange as holder, case
    when job is not null and not exists (select from held where held.entry = terms.entry)
      then case when claim is null then 'skipped' else 'stale' end
    when keys.exchange is distinct from terms.exchange and keys.expires_at > $1 then 'duplicate'
    else 'new' end as kind,
    terms.key is null or (keys.taken is not distinct from ${thisTransaction} and wanted.entry = terms.entry) as is_first
  from terms left join keys on keys.key = terms.key left join wanted on wanted.key = terms.key
)`;

/** Numbers, exchanges, and the blocks of their contents. */
const exchanges = (order: CommitOrder): string => `numbered as (
  insert into numbering (workspace, last)
  select workspace, need from json_to_recordset($9) as allot (workspace text, need bigint)
  where ${after("keys")} order by workspace
  on conflict (workspace) do update set last = numbering.last + excluded.last
  returning workspace, last
), written as (
  insert into exchange (${writtenColumns.join(", ")}, seq, number, block, block_at, block_bytes, content)
  select ${written}, ${order.position("x.place")},
    case when x.number > 0 then x.number else numbered.last + x.number end,
    x.block, x.block_at, x.block_bytes,
    case when x.content_bytes is not null then substring($10::bytea from x.content_at + 1 for x.content_bytes) end
  from json_to_recordset($5) as x (entry integer, place integer, leads boolean, number bigint, ${exchangeRecord},
    block uuid, block_at integer, block_bytes integer, content_at integer, content_bytes integer)
  left join verdict on verdict.entry = x.entry
  left join numbered on numbered.workspace = x.workspace
  where ${after("keys")} and ${after("numbered")} and coalesce(verdict.kind, 'new') <> 'skipped'
    and (x.leads or coalesce(verdict.kind, 'new') <> 'duplicate')
  order by x.id
  on conflict (id) do nothing
  returning id, block
), blocks as (
  insert into block (id, exchanges, data)
  select packed.id, pointing.exchanges, substring($10::bytea from packed.at + 1 for packed.bytes)
  from json_to_recordset($8) as packed (id uuid, at integer, bytes integer)
  join (select block, count(*) as exchanges from written where block is not null group by block) as pointing
    on pointing.block = packed.id
)`;

/** Jobs that end, come back or are new, sums and summaries. */
const work = `done as (
  delete from job using terms, verdict
  where job.id = terms.job and verdict.entry = terms.entry and verdict.kind = 'new' and terms.kind <> 'retry'
    and ${after("written")}
  returning job.id
), returned as (
  update job set due_at = terms.due_at, attempt = terms.attempt, payload = terms.payload, claim = null,
    claimed_until = null
  from terms, verdict
  where job.id = terms.job and verdict.entry = terms.entry and verdict.kind = 'new' and terms.kind = 'retry'
    and ${after("written")}
  returning job.id
), added as (
  insert into job (${insertedColumns})
  select ${insertedColumns.replaceAll(/\b(?=\w)/g, "new.")}
  from json_to_recordset($6) as new (entry integer, first uuid, place integer, ${jobRecord})
  left join verdict on verdict.entry = new.entry
  where ${follows("new")} and ${after("done")} and ${after("returned")}
  order by new.id, new.place
  on conflict (id) do nothing
  returning id
), summed as (
  insert into tally (key, slot, amount)
  select key, $3::integer, sum(amount)
  from json_to_recordset($7) as new (entry integer, first uuid, key text, amount double precision)
  left join verdict on verdict.entry = new.entry
  where ${follows("new")} and ${after("added")}
  group by key order by key
  on conflict (key, slot) do update set amount = tally.amount + excluded.amount
), summarised as (
  insert into summary (id, workspace, environment, bucket, first, last, series)
  select gen_random_uuid(), workspace, environment, bucket, first, last,
    substring($12::bytea from new.at + 1 for new.bytes)
  from json_to_recordset($11) as new (entry integer, workspace text, environment text, bucket text, first bigint,
    last bigint, at integer, bytes integer)
  left join verdict on verdict.entry = new.entry
  where ${isNew} and coalesce(verdict.is_first, true)
)`;
