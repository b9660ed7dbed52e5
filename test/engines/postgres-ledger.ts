import { postgresLedger } from "../../src/engines/ledger/postgres.ts";
import type { Ledger } from "../../src/engines/ledger/ledger.ts";
import { nodePart } from "../../src/engines/postgres/membership.ts";
import { openNode, type Node } from "../../src/engines/postgres/node.ts";
import { migrate } from "../../src/engines/postgres/schema.ts";
import { trafficPart } from "../../src/engines/postgres/traffic-schema.ts";
import type { LedgerUnderTest } from "../../src/engines/ledger/samples.ts";
import { postgresTraffic } from "../../src/engines/traffic/postgres.ts";
import { wallClock, type Clock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import { summarising } from "./summarising.ts";

export type PostgresLedger = {
  readonly node: Node;
  readonly ledger: Ledger;
  readonly commit: (exchanges: readonly NewExchange[], jobs: readonly NewJob[]) => Promise<void>;
  readonly summarise: LedgerUnderTest["summarise"];
  readonly close: () => Promise<void>;
};

/** One node's ledger on the database at the URL, and a write path for it. */
export async function openPostgresLedger(url: string, clock: Clock = wallClock): Promise<PostgresLedger> {
  const node = openNode({ url, log: (line) => process.stderr.write(`${line}\n`) });
  try {
    await migrate(node.database, [nodePart, trafficPart]);
    return await opened(node, clock);
  } catch (error) {
    await node.close();
    throw error;
  }
}

async function opened(node: Node, clock: Clock): Promise<PostgresLedger> {
  const ledger = await postgresLedger(node, clock);
  const traffic = await postgresTraffic(node, clock);
  return {
    node,
    ledger,
    async commit(exchanges, jobs) {
      await traffic.journal.commit({ exchanges, jobs });
    },
    summarise: summarising(traffic.journal),
    async close() {
      await ledger.close();
      await traffic.close();
      await node.close();
    },
  };
}
