import type { Clock } from "../../../kernel/clock.ts";
import type { Ending } from "../../../kernel/exchange.ts";
import { exchangeTimeMs } from "../../../kernel/id.ts";
import { exchangeOf, readColumns, uuidOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { ask, askPlanned, joined, sql, text, type Sql } from "../../postgres/sql.ts";
import { textOf, type Row } from "../../stored/row.ts";
import { atMost, fewEndingsMax, foreignCursor, rowsMax } from "../bounds.ts";
import type { Find, Listed } from "../ledger.ts";
import { isPlain, walkBack, type Span } from "../walk-back.ts";
import { contentSize, withContents } from "./contents.ts";
import { endsAs, withEndings } from "./ended.ts";
import { anyText, conditions, isStorable, between, notBefore } from "./where.ts";

const dayMs = 86_400_000;
/** A page is looked for in so many days at first, then in more, at last in all: each step touches those partitions. */
const stepsMs = [1, 6, 24, Infinity].map((days) => days * dayMs);

/** Rows of a page, newest first. @throws Failure invalid for a foreign cursor, too_large for too much content */
export async function findRows(node: Node, clock: Clock, query: Find): Promise<readonly Listed[]> {
  atMost(query.limit, rowsMax);
  const { after, workspace } = query;
  if (after !== undefined && exchangeTimeMs(after.id) === undefined) throw foreignCursor();
  if (!isStorable(workspace)) return [];
  const few = await fewEnded(node, query);
  const rows = few === undefined ? await alongTime(node, clock, query) : await among(node, query, few);
  const exchanges = query.content === true ? await withContents(node, rows) : rows.map(exchangeOf);
  return withEndings(node, workspace, exchanges);
}

/** The ids of the events that ended in one of the wanted ways, when that is asked for and they are few. */
async function fewEnded(
  { database }: Node,
  { workspace, where }: Find,
): Promise<readonly string[] | undefined> {
  const { endings, subjects, from } = where;
  if (endings === undefined) return undefined;
  const rows = await ask(
    database,
    sql`select case when ending = 'duplicate' then id else coalesce(parent, id) end as event from exchange
    where workspace = ${workspace} and ending = any(${endings})
      and ${subjects === undefined ? text("true") : anyText("subject", subjects)} and ${notBefore("id", from)}
    limit ${fewEndingsMax + 1}`,
  );
  return rows.length > fewEndingsMax ? undefined : rows.map((row) => textOf(row, "event"));
}

function among({ database }: Node, query: Find, ids: readonly string[]): Promise<readonly Row[]> {
  const { where } = query;
  const span = { from: where.from ?? -Infinity, to: where.to ?? Infinity };
  return ask(
    database,
    page(
      query,
      joined([sql`candidate.id = any(${ids})`, demanded(query, span), ended(where.endings, span)], " and "),
    ),
  );
}

/** Walks back in time until the page is full. */
async function alongTime(node: Node, clock: Clock, query: Find): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const span of walkBack(query, clock.now(), stepsMs)) {
    const wanted = newest({ ...query, limit: query.limit - rows.length }, span);
    // Which way is best is the same whatever is asked for: there are few such statements, and rows of them everywhere.
    rows.push(
      ...(await (isPlain(query.where) ? askPlanned(node.walking, wanted) : ask(node.database, wanted))),
    );
    if (rows.length === query.limit) break;
  }
  return rows;
}

/** With several subjects, the newest of each and then the newest of those: the list index has one after another. */
function newest(query: Find, span: Span): Sql {
  const { subjects, endings, ...where } = query.where;
  const wanted = joined([demanded({ ...query, where }, span), ended(endings, span)], " and ");
  const [subject] = subjects ?? [];
  if (subjects === undefined || subject === undefined || subjects.length === 1)
    return page(
      query,
      subjects === undefined ? wanted : sql`${anyText("candidate.subject", subjects)} and ${wanted}`,
    );
  const storable = [...new Set(subjects.filter(isStorable))];
  return sql`select exchange.* from unnest(${storable}::text[]) as wanted (subject)
    cross join lateral (${page(query, sql`candidate.subject = wanted.subject and ${wanted}`)}) as exchange
    order by exchange.started_at desc, exchange.id desc limit ${query.limit}`;
}

function page(query: Find, wanted: Sql): Sql {
  return sql`select ${text(columns)} from exchange as candidate where ${wanted}
    order by candidate.started_at desc, candidate.id desc limit ${query.limit}`;
}

const columns = `${readColumns}, ${contentSize}`.replaceAll("exchange.", "candidate.");

function demanded({ workspace, where, after }: Find, { from, to }: Span): Sql {
  return joined(
    [
      sql`candidate.workspace = ${workspace}`,
      between("candidate.started_at", from, to),
      notBefore("candidate.id", from),
      conditions(where),
      ...(after === undefined
        ? []
        : [sql`(candidate.started_at, candidate.id) < (${Math.ceil(after.startedAt)}, ${uuidOf(after.id)})`]),
    ],
    " and ",
  );
}

function ended(endings: readonly Ending[] | undefined, { from }: Span): Sql {
  return endings === undefined ? text("true") : endsAs(endings, from - dayMs);
}
