import type { Clock } from "../../../kernel/clock.ts";
import { exchangeTimeMs } from "../../../kernel/id.ts";
import { endings, type Ending, type Exchange } from "../../../kernel/exchange.ts";
import { endingCode, endingOf, exchangeOf, idBytes } from "../../sqlite/exchange-row.ts";
import { type Row } from "../../stored/row.ts";
import { exchangeColumns } from "../../sqlite/traffic-schema.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import { atMost, fewEndingsMax, foreignCursor, pageBytesMax, refuseTooLarge, rowsMax } from "../bounds.ts";
import type { Find, Listed } from "../ledger.ts";
import { walkBack, type Span } from "../walk-back.ts";
import { anyNamed, anyOf, clause, joined, type Clause } from "./clause.ts";
import { conditions, ofWorkspace, subjectsOf, workspaceOf } from "./where.ts";

/** Endings that an attempt may record for its parent. */
const lent = `(${endings
  .filter((ending) => ending !== "duplicate")
  .map(endingCode)
  .join(", ")})`;
const duplicate = endingCode("duplicate");

/** The code of the ending that an attempt of the exchange `of` records for it. */
const endingOfAttempts = (of: string, workspace: string) => `(
  select attempted.ending from exchange as attempted indexed by exchange_attempt
  where attempted.parent = ${of} and attempted.attempt is not null and attempted.ending in ${lent}
    and attempted.workspace = ${workspace} limit 1)`;

/** How the event of the row `exchange` ended: itself, through its attempts, its parent or its siblings. */
export const endedColumn = `coalesce(
  exchange.ending,
  ${endingOfAttempts("exchange.id", "exchange.workspace")},
  (select parent.ending from exchange as parent
   where parent.id = exchange.parent and parent.workspace = exchange.workspace),
  ${endingOfAttempts("exchange.parent", "exchange.workspace")}) as ended`;

/** Rows of a page, newest first. @throws Failure invalid for a foreign cursor, too_large for too much content */
export async function findRows(file: TrafficFile, clock: Clock, query: Find): Promise<readonly Listed[]> {
  atMost(query.limit, rowsMax);
  const few = await fewEnded(file, query);
  const rows = few === undefined ? await alongTime(file, clock, query) : await among(file, query, few);
  return rows.map(listedOf);
}

async function among(file: TrafficFile, query: Find, recorded: Clause): Promise<readonly Row[]> {
  const rows = await pageOf(file, query, pickedFrom(recorded, demandedBy(query, query.where), query.limit));
  refuseLargePage(rows);
  return rows;
}

/** Walks back in time until the page is full. */
async function alongTime(file: TrafficFile, clock: Clock, query: Find): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let bytes = 0;
  for (const span of walkBack(query, clock.now(), [Infinity])) {
    const limit = query.limit - rows.length;
    const picked = pickedAlong(subjectsOf(query.where.subjects), demandedBy(query, span), limit);
    const page = await pageOf(file, query, picked);
    rows.push(...page);
    bytes += bytesIn(page);
    refuseTooLarge(rows.length, bytes);
    if (rows.length === query.limit) break;
  }
  return rows;
}

function pageOf(file: TrafficFile, { workspace, content }: Find, picked: Clause): Promise<readonly Row[]> {
  const list = joined(
    [
      workspaceOf(workspace),
      picked,
      content === true ? withContent : withoutContent,
      clause("order by exchange.started_at desc, exchange.id desc"),
    ],
    " ",
  );
  return file.read(list.sql, list.params);
}

const withoutContent = clause(
  `select ${exchangeColumns}, ${endedColumn} from exchange where exchange.seq in (select seq from picked)`,
);

const contentBytes = "coalesce(exchange.block_bytes, length(exchange.content), 0)";

/** Content is left out of every row once they have too much of it together, which `refuseLargePage` reports. */
export const contentColumns = `picked_bytes,
  case when picked_bytes > ${pageBytesMax} then null
    when exchange.block is null then exchange.content
    else content_of(block.id, block.data, exchange.block_at, exchange.block_bytes) end as content`;

/** To be preceded by a table `picked (seq)`. */
export const contentSource = `(
    select sum(${contentBytes}) as picked_bytes from exchange where exchange.seq in (select seq from picked)
  ) cross join exchange left join block on block.id = exchange.block
  where exchange.seq in (select seq from picked)`;

const withContent = clause(
  `select ${exchangeColumns}, ${contentColumns}, ${endedColumn} from ${contentSource}`,
);

/** @throws Failure too_large when the rows were answered without their content */
export function refuseLargePage(rows: readonly Row[]): void {
  refuseTooLarge(rows.length, bytesIn(rows));
}

function bytesIn([row]: readonly Row[]): number {
  return Number(row?.["picked_bytes"] ?? 0);
}

/** Of a row with `endedColumn`. */
export function listedOf(row: Row): Listed {
  const exchange: Exchange = exchangeOf(row);
  return { ...exchange, ended: endingOf(row["ended"] ?? null) };
}

/** What events that ended in one of the wanted ways are known by, when that is asked for and they are few. */
async function fewEnded(file: TrafficFile, { workspace, where }: Find): Promise<Clause | undefined> {
  if (where.endings === undefined) return undefined;
  const recorded = recording(where.endings, where.subjects);
  return (await areFew(file, workspace, recorded)) ? recorded : undefined;
}

function demandedBy({ where, after }: Find, { from, to }: Partial<Span>): Clause {
  const { from: _, to: __, ...rest } = where;
  // The cursor says it better: an index is entered at one of two bounds.
  const isBound = to !== undefined && to !== Infinity && (after === undefined || to <= after.startedAt);
  return joined(
    [
      conditions({
        ...rest,
        ...(from !== undefined && from !== -Infinity && { from }),
        ...(isBound && { to }),
      }),
      ...(after === undefined ? [] : [below(after)]),
      ...(where.endings === undefined ? [] : [endsAs(where.endings)]),
    ],
    " and ",
  );
}

/** That a row records one of these endings, of an event of one of these subjects: those are the row's own as well. */
function recording(wanted: readonly Ending[], subjects: readonly string[] | undefined): Clause {
  return joined(
    [
      clause(ofWorkspace),
      anyEnding("ending", wanted),
      ...(subjects === undefined ? [] : [anyNamed("subject", subjects)]),
    ],
    " and ",
  );
}

/** The newest of each subject, then the newest of those. */
function pickedAlong(subjects: Clause, demanded: Clause, limit: number): Clause {
  return joined(
    [
      subjects,
      clause(`, picked (seq) as (
        select exchange.seq from subject cross join exchange where exchange.seq in (
          select candidate.seq from exchange as candidate indexed by exchange_list
          where candidate.subject = subject.id and`),
      demanded,
      clause(
        `order by candidate.started_at desc, candidate.id desc limit ?)
        order by exchange.started_at desc, exchange.id desc limit ?)`,
        limit,
        limit,
      ),
    ],
    " ",
  );
}

/** The newest of the events whose ending is recorded so. */
function pickedFrom(recorded: Clause, demanded: Clause, limit: number): Clause {
  return joined(
    [
      clause(`, picked (seq) as (
        select candidate.seq from exchange as candidate indexed by exchange_id
        where candidate.id in (
          select case when ending = ${duplicate} then id else coalesce(parent, id) end
          from exchange indexed by exchange_ending where`),
      recorded,
      clause(") and"),
      demanded,
      clause("order by candidate.started_at desc, candidate.id desc limit ?)", limit),
    ],
    " ",
  );
}

/** The event itself matches, not an attempt that records the ending for it. */
function endsAs(wanted: readonly Ending[]): Clause {
  return joined(
    [
      clause("case when candidate.ending is not null then"),
      anyEnding("candidate.ending", wanted),
      clause(`and (candidate.ending = ${duplicate} or candidate.parent is null) else
        ${endingOfAttempts("candidate.id", "candidate.workspace")}`),
      anyEnding("", wanted),
      clause("end"),
    ],
    " ",
  );
}

function anyEnding(column: string, wanted: readonly Ending[]): Clause {
  return anyOf(column, wanted.map(endingCode));
}

/** It only decides which way is walked, not what is found. */
async function areFew(file: TrafficFile, workspace: string, recorded: Clause): Promise<boolean> {
  const counted = joined(
    [
      workspaceOf(workspace),
      clause(`select count(*) as carriers from (
        select 1 from exchange indexed by exchange_ending where`),
      recorded,
      clause(`limit ${fewEndingsMax + 1})`),
    ],
    " ",
  );
  const [row] = await file.read(counted.sql, counted.params);
  return Number(row?.["carriers"]) <= fewEndingsMax;
}

function below(after: { readonly startedAt: number; readonly id: string }): Clause {
  if (exchangeTimeMs(after.id) === undefined) throw foreignCursor();
  return clause("(candidate.started_at, candidate.id) < (?, ?)", after.startedAt, idBytes(after.id));
}
