import type { DatabaseSync } from "node:sqlite";
import { slotOf } from "../../../capture/slots.ts";
import { Histogram } from "../stored/histogram.ts";

/**
 * Gives the connection an aggregate `histogram(value, count)`: an encoded histogram of all values, each a duration in ms,
 * which is taken off when the count is negative, or a histogram. One that has answered is used again, since thousands of groups would each take 16 KB.
 */
export function addHistogramAggregate(database: DatabaseSync): void {
  const histograms: Histogram[] = [];
  const idle: number[] = [];
  const at = (index: number): Histogram => {
    const histogram = histograms[index];
    if (histogram === undefined) throw new RangeError(`There is no histogram ${index}.`);
    return histogram;
  };
  database.aggregate<number>("histogram", {
    start: () => idle.pop() ?? histograms.push(new Histogram()) - 1,
    step(index, value, count) {
      if (typeof value === "number") at(index).addSlot(slotOf(value), Number(count) < 0 ? -1 : 1);
      else if (value instanceof Uint8Array) at(index).addEncoded(value);
      return index;
    },
    result(index) {
      const bytes = at(index).encode();
      at(index).clear();
      idle.push(index);
      return bytes;
    },
  });
}
