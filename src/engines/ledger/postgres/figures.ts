import type { Node } from "../../postgres/node.ts";
import { askPlanned, sql } from "../../postgres/sql.ts";
import { numberOf } from "../../stored/row.ts";
import type { CountStates, Ledger, Measure } from "../ledger.ts";
import { hoursOfEndings, hoursOfMeasure, waitingMax, type Hours } from "../rolled-hours.ts";
import { countStates } from "./count-states.ts";
import { measureHours } from "./measure-hours.ts";
import { measureRows } from "./measure.ts";
import type { Rolled } from "./span.ts";
import { isStorable } from "./where.ts";

export async function measured(node: Node, query: Measure): ReturnType<Ledger["measure"]> {
  if (!isStorable(query.workspace)) return [];
  const rolled = await rolledFor(node, (waiting) => hoursOfMeasure(query, waiting));
  return rolled === undefined
    ? await measureRows(node.database, query)
    : await measureHours(node.database, query, rolled);
}

export async function statesCounted(node: Node, query: CountStates): ReturnType<Ledger["countStates"]> {
  if (!isStorable(query.workspace)) return [];
  const rolled = await rolledFor(node, (waiting) => hoursOfEndings(query, waiting));
  return await countStates(node.database, query, rolled);
}

/** How many wait is counted, since positions have gaps: only if anything depends on it, and no further than that. */
async function rolledFor(
  { walking }: Node,
  hoursWith: (waiting: number) => Hours | undefined,
): Promise<Rolled | undefined> {
  if (hoursWith(0) === undefined) return undefined;
  const [state = {}] = await askPlanned(
    walking,
    sql`select position, (select count(*) from (
      select from exchange where seq > position limit ${waitingMax + 1}) as waiting) as waiting from rolled`,
  );
  const hours = hoursWith(numberOf(state, "waiting"));
  return hours && { hours, position: numberOf(state, "position") };
}
