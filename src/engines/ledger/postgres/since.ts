import type { CommitOrder } from "../../postgres/commit-order.ts";
import type { Query } from "../../postgres/database.ts";
import { exchangeOf, readColumns } from "../../postgres/exchange-row.ts";
import { ask, sql, text } from "../../postgres/sql.ts";
import { numberOf, numberOrNull } from "../../stored/row.ts";
import { atMost, rowsMax } from "../bounds.ts";
import type { Ledger } from "../ledger.ts";
import { isStorable } from "./where.ts";

/** How many rows one query of `since` looks at. */
const rowsLookedAtMax = 5_000;

type Since = Parameters<Ledger["since"]>[2] & { readonly workspace: string; readonly position: number };

/** Reads what is settled, which nothing can come before any more, on until there is a row or nothing more. */
export async function sinceRows(database: Query, order: CommitOrder, query: Since) {
  atMost(query.limit, rowsMax);
  if (!isStorable(query.workspace)) return { rows: [], position: await lastPosition(database, order) };
  let { position } = query;
  for (;;) {
    const next = await nextRows(database, order, { ...query, position });
    if (next === undefined) return { rows: [], position };
    position = next.position;
    if (next.rows.length > 0) return next;
  }
}

async function nextRows(database: Query, order: CommitOrder, query: Since) {
  const { workspace, position, subjects, kinds, limit } = query;
  const rows = await ask(
    database,
    sql`with ahead as materialized (
      select max(seq) as last from (
        select seq from exchange where seq > ${position} and seq < ${text(order.horizon)}
        order by seq limit ${rowsLookedAtMax}) as looked_at)
    select ahead.last, wanted.* from ahead left join lateral (
      select ${text(readColumns)} from exchange
      where seq > ${position} and seq <= ahead.last and workspace = ${workspace}
        and (${storable(subjects)}::text[] is null or subject = any(${storable(subjects)}))
        and (${storable(kinds)}::text[] is null or kind = any(${storable(kinds)}))
      order by seq limit ${limit}) as wanted on true
    order by wanted.seq`,
    "ledger since",
  );
  const last = rows[0] && numberOrNull(rows[0], "last");
  if (last === undefined || last === null) return undefined;
  const found = rows.filter((row) => row["id"] !== null);
  const end = found.length === limit ? found.at(-1) : undefined;
  return { rows: found.map(exchangeOf), position: end === undefined ? last : numberOf(end, "seq") };
}

function storable(texts: readonly string[] | undefined): readonly string[] | null {
  return texts?.filter(isStorable) ?? null;
}

/** The position after everything committed so far: of the last exchange that is settled, 0 when there is none. */
export async function lastPosition(database: Query, order: CommitOrder): Promise<number> {
  const [row] = await ask(
    database,
    sql`select seq from exchange where seq < ${text(order.horizon)} order by seq desc limit 1`,
    "ledger position",
  );
  return row === undefined ? 0 : numberOf(row, "seq");
}
