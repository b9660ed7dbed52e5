import { leastMs, slotMax, slotsPerE } from "../../stored/histogram.ts";

/** SQL for what `slotOf` of the histogram answers for a duration, given as a column. */
export function slotSql(ms: string): string {
  const slot = `ceil(ln(${ms} / ${float(leastMs)}) * ${float(slotsPerE)})`;
  return `case when ${ms} > ${float(leastMs)} then least(${slot}, ${slotMax}) else 0 end::smallint`;
}

/** Both sides read it as the same 64 bits. */
function float(value: number): string {
  return `'${value}'::double precision`;
}
