import type { Clock } from "../../../kernel/clock.ts";
import type { Query } from "../../postgres/database.ts";
import { numberOf } from "../../stored/row.ts";

/** How far clocks of one machine drift apart in this time does not matter. */
const compareEveryMs = 60_000;

/**
 * The clock by which leases go: the database's, so that nodes with wrong clocks agree on who has which job. It is asked
 * once a minute; in between this node's clock goes on from there.
 */
export type LeaseClock = Clock & {
  /** Compares the clocks when it is time to. @throws Failure unavailable */
  compare(): Promise<void>;
};

export async function leaseClock(database: Query, clock: Clock): Promise<LeaseClock> {
  let ahead = 0;
  let comparedAt = -Infinity;
  const compare = async () => {
    if (performance.now() - comparedAt < compareEveryMs) return;
    const before = clock.now();
    const [row] = await database.query("select extract(epoch from clock_timestamp()) * 1000 as now");
    ahead = row === undefined ? 0 : numberOf(row, "now") - (before + clock.now()) / 2;
    comparedAt = performance.now();
  };
  await compare();
  return { now: () => Math.floor(clock.now() + ahead), compare };
}
