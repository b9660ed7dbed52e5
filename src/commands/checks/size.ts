import { numberOf } from "../../engines/stored/row.ts";
import { ok, warning } from "../check.ts";
import { sizeText } from "../contents.ts";
import { databaseCheck } from "../database-check.ts";
import { storedDays } from "../stored-days.ts";

/** Smaller days differ by chance. */
const leapBytesMin = 64 * 1024 ** 2;
const leap = 3;

export const size = databaseCheck("size", ["exchange", "block", "record"], async (reached, { clock }) => {
  const [row = {}] = await reached.query("select pg_database_size(current_database()) as bytes");
  const { yesterdayBytes, earlierBytes, planned } = await storedDays(reached, clock);
  const whole = sizeText(numberOf(row, "bytes"));
  if (yesterdayBytes === 0) return [ok(`${whole}; how it grows is seen once there is a whole day.`)];
  const saw = `${whole}, ${sizeText(yesterdayBytes)} of it from yesterday`;
  if (earlierBytes > 0 && yesterdayBytes >= Math.max(leap * earlierBytes, leapBytesMin))
    return [
      warning(
        `${saw}; the days before took ${sizeText(earlierBytes)} each.`,
        "Look whether a sender has run wild with `sluice get-dashboard-summary`, and at `room` below.",
      ),
    ];
  return [
    ok(
      planned === undefined
        ? `${saw}.`
        : `${saw}; the ${planned.days} days that are kept will take ${sizeText(planned.bytes)}.`,
    ),
  ];
});
