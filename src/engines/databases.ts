import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import type { Counters } from "./counters/counters.ts";
import { sqliteCounters } from "./counters/sqlite.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { sqliteLedger } from "./ledger/sqlite.ts";
import { openTrafficFile } from "./sqlite/traffic-file.ts";
import { sqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { sqliteTraffic } from "./traffic/sqlite.ts";
import type { Traffic } from "./traffic/traffic.ts";

/** Everything that is stored, behind its four faces. */
export type Database = {
  readonly store: Store;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly counters: Counters;
  /** Traffic first, so that nothing is written to what is closed. */
  close(): Promise<void>;
};

export type Open = (directory: string, clock: Clock) => Promise<Database>;

/** A new database is a folder of implementations and one line here; the conformance suites run over this list. */
export const databases: Readonly<Record<string, Open>> = { sqlite };

/** Three files in one folder: configuration and counters by the main thread, traffic by a writer thread of its own. */
async function sqlite(directory: string, clock: Clock): Promise<Database> {
  const store = sqliteStore(join(directory, "store.db"), clock);
  const counters = sqliteCounters(join(directory, "counters.db"), clock);
  const file = await openTrafficFile(join(directory, "traffic.db"), clock);
  const traffic = await sqliteTraffic(file, clock);
  const ledger = sqliteLedger(file, clock);
  return {
    store,
    traffic,
    ledger,
    counters,
    async close() {
      await ledger.close();
      await traffic.close();
      await counters.close();
      await store.close();
    },
  };
}
