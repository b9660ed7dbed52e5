import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { postgresLedger } from "../../src/engines/ledger/postgres.ts";
import type { Query } from "../../src/engines/postgres/database.ts";
import { openNode } from "../../src/engines/postgres/node.ts";
import { textOf } from "../../src/engines/stored/row.ts";
import { wallClock } from "../../src/kernel/clock.ts";
import type { Exchange } from "../../src/kernel/exchange.ts";

/** What a reader was given that follows positions, as any reader does, while others write. */
export type Follower = {
  /** Reads on until there is nothing more; answers all that it was ever given, in the order of the positions. */
  readonly end: () => Promise<readonly Exchange[]>;
  /** What one that begins only now is given. */
  readonly fromTheBeginning: () => Promise<readonly Exchange[]>;
};

const rowsAtOnce = 100;
const lookEveryMs = 5;

/**
 * Follows a workspace by `ledger.since`, in a node of this process that does nothing else: the only one of the database
 * unless given.
 */
export async function follow(t: TestContext, url: string, given?: string): Promise<Follower> {
  const node = openNode({ url, log: (line) => t.diagnostic(line) });
  const ledger = await postgresLedger(node, wallClock);
  const workspace = given ?? (await onlyWorkspace(node.database));
  const over = new AbortController();

  const readOn = async (isLast: () => boolean): Promise<readonly Exchange[]> => {
    const read: Exchange[] = [];
    for (let position = 0; ;) {
      // Before it is asked: what was committed by then is among what is given.
      const last = isLast();
      const { rows, position: next } = await ledger.since(workspace, position, { limit: rowsAtOnce });
      read.push(...rows);
      position = next;
      if (rows.length === 0 && last) return read;
      if (rows.length === 0) await sleep(lookEveryMs);
    }
  };

  const following = readOn(() => over.signal.aborted);
  // Whoever ends it is told.
  following.catch(() => {});
  t.after(async () => {
    over.abort();
    await following.catch(() => {});
    await ledger.close();
    await node.close();
  });
  return {
    end() {
      over.abort();
      return following;
    },
    fromTheBeginning: () => readOn(() => true),
  };
}

async function onlyWorkspace(database: Query): Promise<string> {
  const [row = {}] = await database.query("select id from record where kind = 'workspace'");
  return textOf(row, "id");
}

/** Of each event, how often something said that it was delivered. */
export function deliveredTimes(exchanges: readonly Exchange[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { ending, parent, id } of exchanges) {
    const event = parent ?? id;
    if (ending === "delivered") times.set(event, (times.get(event) ?? 0) + 1);
  }
  return times;
}
