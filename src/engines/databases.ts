import { hostname } from "node:os";
import { join } from "node:path";
import type { Clock } from "../kernel/clock.ts";
import { Failure } from "../kernel/failure.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Counters } from "./counters/counters.ts";
import { postgresCounters } from "./counters/postgres.ts";
import { sqliteCounters } from "./counters/sqlite.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { postgresLedger } from "./ledger/postgres.ts";
import { sqliteLedger } from "./ledger/sqlite.ts";
import { settleEpoch } from "./postgres/commit-order.ts";
import { joinNodes } from "./postgres/membership.ts";
import { openNode } from "./postgres/node.ts";
import { succeedPredecessor } from "./postgres/predecessor.ts";
import { migrate } from "./postgres/schema.ts";
import { openTrafficFile } from "./sqlite/traffic-file.ts";
import { dataParts, localParts, positions, releasesOf } from "./parts.ts";
import { postgresStore } from "./store/postgres.ts";
import { sqliteStore } from "./store/sqlite.ts";
import type { Store } from "./store/store.ts";
import { postgresTraffic } from "./traffic/postgres.ts";
import { sqliteTraffic } from "./traffic/sqlite.ts";
import type { Traffic } from "./traffic/traffic.ts";

/** Everything that is stored, behind its four faces. */
export type Database = {
  readonly store: Store;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly counters: Counters;
  /** Resolves when a newer version has changed what is stored so that this process must stop; else never. */
  readonly outdated: Promise<Failure>;
  /** Traffic first, so that nothing is written to what is closed. */
  close(): Promise<void>;
};

/** Where a database is opened. */
export type Place = {
  /** The data folder. */
  readonly folder: string;
  /** Of a database server; null where there is none. */
  readonly url: Secret | null;
  readonly clock: Clock;
  /** Of this program. */
  readonly version: string;
  readonly log: (line: string) => void;
};

export type Open = (place: Place) => Promise<Database>;

/** A new database is a set of implementations and one line here; the conformance suites run over this list. */
export const databases = { sqlite, postgres } as const satisfies Readonly<Record<string, Open>>;

/** Three files in one folder: configuration and counters by the main thread, traffic by a writer thread of its own. */
async function sqlite({ folder, clock }: Place): Promise<Database> {
  const store = sqliteStore(join(folder, "store.db"), clock);
  const counters = sqliteCounters(join(folder, "counters.db"), clock);
  const file = await openTrafficFile(join(folder, "traffic.db"), clock);
  const traffic = await sqliteTraffic(file, clock);
  const ledger = sqliteLedger(file, clock);
  return {
    store,
    traffic,
    ledger,
    counters,
    outdated: Promise.withResolvers<Failure>().promise,
    async close() {
      await ledger.close();
      await traffic.close();
      await counters.close();
      await store.close();
    },
  };
}

/** One PostgreSQL database, for any number of processes. */
async function postgres({ folder, url, clock, version, log }: Place): Promise<Database> {
  if (url === null) throw new RangeError("PostgreSQL is opened by a URL.");
  const node = openNode({ url: url.reveal(), log });
  const parts = [...localParts, ...dataParts];
  try {
    await migrate(node.database, parts);
    for (const newest of positions) await settleEpoch(node.database, `(${newest})`);
    const host = hostname();
    await succeedPredecessor(node, { folder, host }, releasesOf);
    const store = await postgresStore(node, clock);
    const traffic = await postgresTraffic(node, clock);
    const ledger = await postgresLedger(node, clock);
    const counters = postgresCounters(node, clock);
    const membership = joinNodes(node, { version, host }, parts);
    return {
      store,
      traffic,
      ledger,
      counters,
      outdated: membership.outdated,
      async close() {
        await ledger.close();
        await traffic.close();
        await counters.close();
        await store.close();
        await membership.leave();
        await node.close();
      },
    };
  } catch (error) {
    await node.close();
    throw error;
  }
}
