import { leastMs, slotMax, slotsPerE } from "../../../../capture/slots.ts";
import type { Histogram } from "../../stored/histogram.ts";

const slotBytes = 2;

/** SQL for the slots of the histogram that the durations of a group are in, given as a column: two bytes for each row. */
export function slotsSql(ms: string): string {
  const slot = `ceil(ln(${ms} / ${float(leastMs)}) * ${float(slotsPerE)})`;
  const within = `case when ${ms} > ${float(leastMs)} then least(${slot}, ${slotMax}) else 0 end`;
  return `string_agg(int2send(${within}::smallint), '')`;
}

/** Both sides read it as the same 64 bits. */
function float(value: number): string {
  return `'${value}'::double precision`;
}

/** Adds what `slotsSql` answered; a negative sign takes it off. */
export function addSlots(to: Histogram, slots: Uint8Array, sign: number): void {
  const view = new DataView(slots.buffer, slots.byteOffset, slots.byteLength);
  for (let at = 0; at < slots.byteLength; at += slotBytes) to.addSlot(view.getUint16(at), sign);
}
