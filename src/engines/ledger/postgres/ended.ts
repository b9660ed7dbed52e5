import { endings, type Ending, type Exchange } from "../../../kernel/exchange.ts";
import { endingOf, uuidOf } from "../../postgres/exchange-row.ts";
import type { Node } from "../../postgres/node.ts";
import { askPlanned, sql, text, type Sql } from "../../postgres/sql.ts";
import { numberOf, textOf, textOrNull } from "../../stored/row.ts";
import type { Listed } from "../ledger.ts";
import { notBefore, notBeforeAny } from "./where.ts";

const lendable = endings.filter((ending) => ending !== "duplicate");

/** That the row of this alias is an attempt that records the ending of its parent. */
export function isLending(alias: string): Sql {
  const has = (condition: string) => text(`${alias}.${condition}`);
  return sql`${has("attempt is not null")} and ${has("ending")} = any(${lendable})`;
}

function lends({ attempt, ending }: Exchange): boolean {
  return attempt !== null && ending !== null && ending !== "duplicate";
}

/** Each with how its event ended: by itself, through its attempts, its parent or its siblings. */
export async function withEndings(
  node: Node,
  workspace: string,
  rows: readonly Exchange[],
): Promise<readonly Listed[]> {
  const { own, lent } = await recorded(node, workspace, rows);
  return rows.map((row) => {
    const parent = row.parent ?? "";
    const ended = row.ending ?? lent.get(row.id) ?? own.get(parent) ?? lent.get(parent) ?? null;
    return { ...row, ended };
  });
}

/**
 * Endings that events record themselves (`own`), and that their attempts record for them. Most are on the page already.
 */
async function recorded({ walking }: Node, workspace: string, rows: readonly Exchange[]) {
  const own = new Map(rows.map((row) => [row.id, row.ending]));
  const lent = new Map(rows.filter(lends).map((row) => [row.parent ?? "", row.ending]));
  const open = rows.filter(
    ({ id, parent, ending }) =>
      ending === null && !lent.has(id) && (parent === null || !(lent.has(parent) || own.get(parent))),
  );
  if (open.length === 0) return { own, lent };
  const parents = [...new Set(open.flatMap(({ parent }) => (parent === null ? [] : [parent])))];
  const events = [...new Set([...open.map(({ id }) => id), ...parents])];
  const found = await askPlanned(
    walking,
    sql`select parent as event, ending, true as lent from exchange
    where parent = any(${events.map(uuidOf)}) and workspace = ${workspace} and ${isLending("exchange")}
      and ${notBeforeAny("id", events)}
    union all
    select id, ending, false from exchange
    where id = any(${parents.map(uuidOf)}) and workspace = ${workspace} and ending is not null`,
  );
  for (const row of found) {
    const into = numberOf(row, "lent") === 1 ? lent : own;
    into.set(`ex_${textOf(row, "event")}`, endingOf(textOrNull(row, "ending")));
  }
  return { own, lent };
}

/**
 * That the event `candidate` itself ended in one of these ways, not an attempt that records the ending for it.
 * Attempts are looked for among what is not older than `oldest`, which no candidate is, and one candidate after another:
 * an `exists` may be answered from a table of all attempts, made first.
 */
export function endsAs(wanted: readonly Ending[], oldest: number | undefined): Sql {
  return sql`case when candidate.ending is not null
    then candidate.ending = any(${wanted}) and (candidate.ending = 'duplicate' or candidate.parent is null)
    else (select attempted.ending from exchange as attempted
      where attempted.parent = candidate.id and attempted.workspace = candidate.workspace
        and ${isLending("attempted")} and ${notBefore("attempted.id", oldest)} limit 1) = any(${wanted}) end`;
}
