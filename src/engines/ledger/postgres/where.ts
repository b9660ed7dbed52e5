import { exchangeTimeMs } from "../../../kernel/id.ts";
import { partitionBounds } from "../../postgres/partitions.ts";
import { joined, sql, text, type Sql } from "../../postgres/sql.ts";
import type { Where } from "../ledger.ts";
import { conditionSql } from "./condition.ts";

const dayMs = 86_400_000;
const statusMax = 32_767;

/** What `where` demands of the row `candidate`, joined by `and`; endings and times are left to the query. */
export function conditions(where: Omit<Where, "endings" | "from" | "to">): Sql {
  return joined(
    [
      ...list("subject", where.subjects),
      ...list("kind", where.kinds),
      ...list("outcome", where.outcomes),
      ...(where.statuses === undefined ? [] : [anyStatus(where.statuses)]),
      ...list("error", where.errors),
      ...list("bucket", where.buckets),
      ...list("environment", only(where.environment)),
      ...list("plane", only(where.plane)),
      ...(where.condition === undefined ? [] : [conditionSql(where.condition)]),
      text("true"),
    ],
    " and ",
  );
}

/** `(column is any of texts)`; a text with a NUL, which PostgreSQL can store nowhere, equals nothing. */
export function anyText(column: string, texts: readonly string[]): Sql {
  const possible = texts.filter(isStorable);
  const [one] = possible;
  return possible.length === 1 && one !== undefined
    ? sql`${text(column)} = ${one}`
    : sql`${text(column)} = any(${possible})`;
}

export function isStorable(value: string): boolean {
  return !value.includes("\0");
}

/** That the column's moment is in [from, to), both in ms, of which fractions and infinities are fine. */
export function between(column: string, from: number | undefined, to: number | undefined): Sql {
  return joined(
    [
      ...(from === undefined || from === -Infinity ? [] : [sql`${text(column)} >= ${whole(from)}`]),
      ...(to === undefined || to === Infinity ? [] : [sql`${text(column)} < ${whole(to)}`]),
      text("true"),
    ],
    " and ",
  );
}

/**
 * That the id is not of a day that was over a day before this moment, so that older partitions are left alone. An id
 * is made when its exchange begins or later, and clocks of nodes differ by less than a day. There is no such bound
 * above: ids go on from the greatest when a clock steps back.
 */
export function notBefore(column: string, moment: number | undefined): Sql {
  if (moment === undefined || !(moment >= 2 * dayMs)) return text("true");
  const { from } = partitionBounds(Math.floor(whole(moment) / dayMs) - 1);
  return sql`${text(column)} >= ${from}`;
}

/** `notBefore` for what was caused by these exchanges. */
export function notBeforeAny(column: string, ids: readonly string[]): Sql {
  return notBefore(column, Math.min(...ids.map((id) => exchangeTimeMs(id) ?? 0)));
}

/** The smallest whole number that is not less: what `>=` and `<` need of integers. */
function whole(moment: number): number {
  return Math.min(Math.max(Math.ceil(moment), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}

function only(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}

function list(column: string, texts: readonly string[] | undefined): readonly Sql[] {
  return texts === undefined ? [] : [anyText(`candidate.${column}`, texts)];
}

function anyStatus(statuses: readonly number[]): Sql {
  const possible = statuses.filter((status) => Number.isInteger(status) && Math.abs(status) <= statusMax);
  return sql`candidate.status = any(${possible})`;
}
