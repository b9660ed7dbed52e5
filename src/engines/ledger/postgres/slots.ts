import { leastMs, slotMax, slotsPerE } from "../../../../capture/slots.ts";
import type { Histogram } from "../../stored/histogram.ts";
import { textOf, type Row } from "../../stored/row.ts";

/** SQL for what `slotOf` of the histogram answers for a duration, given as a column. */
export function slotSql(ms: string): string {
  const slot = `ceil(ln(${ms} / ${float(leastMs)}) * ${float(slotsPerE)})`;
  return `case when ${ms} > ${float(leastMs)} then least(${slot}, ${slotMax}) else 0 end::smallint`;
}

/** Both sides read it as the same 64 bits. */
function float(value: number): string {
  return `'${value}'::double precision`;
}

/** Adds the slots that a row has in `slots`, each with what `counts` has at the same place: both made by `to_json`. */
export function addSlots(to: Histogram, row: Row): void {
  const counts = numbersOf(row, "counts");
  for (const [n, slot] of numbersOf(row, "slots").entries()) to.addSlot(slot, counts[n] ?? 0);
}

function numbersOf(row: Row, column: string): readonly number[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return JSON.parse(textOf(row, column)) as readonly number[];
}
