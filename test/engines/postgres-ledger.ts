import { postgresLedger } from "../../src/engines/ledger/postgres.ts";
import type { Ledger } from "../../src/engines/ledger/ledger.ts";
import { commitOrder } from "../../src/engines/postgres/commit-order.ts";
import { openNode, type Node } from "../../src/engines/postgres/node.ts";
import { partitions } from "../../src/engines/postgres/partitions.ts";
import { migrate } from "../../src/engines/postgres/schema.ts";
import { trafficPart } from "../../src/engines/postgres/traffic-schema.ts";
import { wallClock, type Clock } from "../../src/kernel/clock.ts";
import type { NewExchange } from "../../src/kernel/exchange.ts";
import type { NewJob } from "../../src/kernel/job.ts";
import { postgresCommitter } from "./postgres-committer.ts";

export type PostgresLedger = {
  readonly node: Node;
  readonly ledger: Ledger;
  readonly commit: (exchanges: readonly NewExchange[], jobs: readonly NewJob[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** One node's ledger on the database at the URL, and a write path for it. */
export async function openPostgresLedger(url: string, clock: Clock = wallClock): Promise<PostgresLedger> {
  const node = openNode({ url, log: (line) => process.stderr.write(`${line}\n`) });
  try {
    await migrate(node.database, [trafficPart]);
    return await opened(node, clock);
  } catch (error) {
    await node.close();
    throw error;
  }
}

async function opened(node: Node, clock: Clock): Promise<PostgresLedger> {
  const ledger = await postgresLedger(node, clock);
  const commit = postgresCommitter(node, await commitOrder(node.database), partitions(node.database));
  return {
    node,
    ledger,
    commit,
    async close() {
      await ledger.close();
      await node.close();
    },
  };
}
