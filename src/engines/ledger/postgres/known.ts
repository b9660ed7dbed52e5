import { exchangeTimeMs } from "../../../kernel/id.ts";
import { uuidOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { askPlanned, sql } from "../../postgres/sql.ts";
import { textOf } from "../../stored/row.ts";
import { refuseManyIds } from "../bounds.ts";
import { isStorable } from "./where.ts";

export async function knownOf(
  node: Node,
  workspace: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  refuseManyIds(ids);
  const sought = ids.filter((id) => exchangeTimeMs(id) !== undefined);
  if (sought.length === 0 || !isStorable(workspace)) return new Set();
  const rows = await askPlanned(
    node.walking,
    sql`select replace(id::text, '-', '') as id from exchange
    where id = any(${sought.map(uuidOf)}) and workspace = ${workspace}`,
  );
  return new Set(rows.map((row) => `ex_${textOf(row, "id")}`));
}
