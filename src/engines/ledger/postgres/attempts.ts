import { exchangeTimeMs } from "../../../kernel/id.ts";
import type { Exchange } from "../../../kernel/exchange.ts";
import type { Query } from "../../postgres/database.ts";
import { exchangeOf, readColumns, uuidOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { ask, askPlanned, sql, text } from "../../postgres/sql.ts";
import { atMost, attemptsMax, refuseManyIds, rowsMax } from "../bounds.ts";
import { contentSize, withContents } from "./contents.ts";
import { isStorable, notBeforeAny } from "./where.ts";

type Children = { readonly workspace: string; readonly parent: string; readonly limit: number };

export async function childrenOf(
  node: Node,
  { workspace, parent, limit }: Children,
): Promise<readonly Exchange[]> {
  atMost(limit, rowsMax);
  if (exchangeTimeMs(parent) === undefined || !isStorable(workspace)) return [];
  const rows = await askPlanned(
    node.walking,
    sql`select ${text(readColumns)}, ${text(contentSize)} from exchange
    where parent = ${uuidOf(parent)} and attempt is not null and workspace = ${workspace}
      and ${notBeforeAny("id", [parent])}
    order by started_at desc, id desc limit ${limit}`,
  );
  return withContents(node, rows.toReversed());
}

export async function attemptsOf(
  database: Query,
  workspace: string,
  parents: readonly string[],
): Promise<readonly Exchange[]> {
  refuseManyIds(parents);
  const known = [...new Set(parents.filter((id) => exchangeTimeMs(id) !== undefined))];
  if (known.length === 0 || !isStorable(workspace)) return [];
  const rows = await ask(
    database,
    sql`select * from (
      select ${text(readColumns)},
        row_number() over (partition by parent order by started_at desc, id desc) as nth
      from exchange where parent = any(${known.map(uuidOf)}) and attempt is not null
        and workspace = ${workspace} and ${notBeforeAny("id", known)}
    ) as attempted where nth <= ${attemptsMax} order by started_at, id`,
  );
  return rows.map(exchangeOf);
}
