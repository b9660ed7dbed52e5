import type { Database, Query } from "../../postgres/database.ts";
import { ask, sql } from "../../postgres/sql.ts";
import { numberOf } from "../../stored/row.ts";
import type { CountStates, Ledger, Measure } from "../ledger.ts";
import { hoursOfEndings, hoursOfMeasure, waitingMax, type Hours } from "../rolled-hours.ts";
import { countStates } from "./count-states.ts";
import { measureHours } from "./measure-hours.ts";
import { measureRows } from "./measure.ts";
import type { Rolled } from "./span.ts";
import { isStorable } from "./where.ts";

export async function measured(database: Database, query: Measure): ReturnType<Ledger["measure"]> {
  if (!isStorable(query.workspace)) return [];
  const rolled = await rolledFor(database, (waiting) => hoursOfMeasure(query, waiting));
  return rolled === undefined
    ? await measureRows(database, query)
    : await measureHours(database, query, rolled);
}

export async function statesCounted(database: Query, query: CountStates): ReturnType<Ledger["countStates"]> {
  if (!isStorable(query.workspace)) return [];
  const rolled = await rolledFor(database, (waiting) => hoursOfEndings(query, waiting));
  return await countStates(database, query, rolled);
}

/** How many wait is counted, since positions have gaps: only if anything depends on it, and no further than that. */
async function rolledFor(
  database: Query,
  hoursWith: (waiting: number) => Hours | undefined,
): Promise<Rolled | undefined> {
  if (hoursWith(0) === undefined) return undefined;
  const [state = {}] = await database.query("select position from rolled", [], "ledger rolled");
  const position = numberOf(state, "position");
  const [counted = {}] = await ask(
    database,
    sql`select count(*) as waiting from (
      select 1 from exchange where seq > ${position} limit ${waitingMax + 1}) as waiting`,
  );
  const hours = hoursWith(numberOf(counted, "waiting"));
  return hours && { hours, position };
}
