import { numberOf } from "../../stored/row.ts";
import type { TrafficFile } from "../../sqlite/traffic-file.ts";
import type { CountStates, Ledger, Measure } from "../ledger.ts";
import { hoursOfEndings, hoursOfMeasure } from "../rolled-hours.ts";
import { countedOf, countStatesQuery } from "./count-states.ts";
import { measureHours } from "./measure-hours.ts";
import { measureRows } from "./measure.ts";

export async function measured(file: TrafficFile, query: Measure): ReturnType<Ledger["measure"]> {
  const { last, waiting } = await rolledSoFar(file);
  const hours = hoursOfMeasure(query, waiting);
  return hours === undefined ? await measureRows(file, query, last) : await measureHours(file, query, hours);
}

export async function statesCounted(
  file: TrafficFile,
  query: CountStates,
): ReturnType<Ledger["countStates"]> {
  const { waiting } = await rolledSoFar(file);
  const { sql, params } = countStatesQuery(query, hoursOfEndings(query, waiting));
  return (await file.read(sql, params)).map(countedOf);
}

/** The last seq, and at most how many exchanges up to it are not rolled up: seqs of removed ones count. */
async function rolledSoFar(file: TrafficFile): Promise<{ readonly last: number; readonly waiting: number }> {
  const [row = {}] = await file.read(
    "select position, (select coalesce(max(seq), 0) from exchange) as last from rolled",
    [],
  );
  const last = numberOf(row, "last");
  return { last, waiting: last - numberOf(row, "position") };
}
