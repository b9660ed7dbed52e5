import type { Clock } from "../../kernel/clock.ts";
import type { Node } from "../postgres/node.ts";
import { auditReader } from "./audit.ts";
import { entryReader } from "./entries.ts";
import { historyReader } from "./history.ts";
import { changeListeners, warn } from "./listeners.ts";
import { pendingMessages } from "./outbox.ts";
import { askOf } from "./postgres/ask.ts";
import { commitWriter } from "./postgres/commit.ts";
import { recordFeed } from "./postgres/feed.ts";
import { leases } from "./postgres/lease.ts";
import { sweeper } from "./postgres/sweep.ts";
import { toldVersions } from "./postgres/told.ts";
import { recordReader } from "./records.ts";
import type { Store, StoredRecord } from "./store.ts";

/**
 * The store of any number of nodes in one PostgreSQL database, whose tables are there (`storePart`). `report` is told what
 * a change listener threw; without it Node warns on standard error.
 *
 * @throws Failure unavailable when PostgreSQL cannot be used
 */
export async function postgresStore(
  node: Node,
  clock: Clock,
  report: (bug: unknown) => void = warn,
): Promise<Store> {
  const { database } = node;
  const ask = askOf(database);
  const history = historyReader(ask);
  const listeners = changeListeners(report);
  const untold = toldVersions();
  const tell = (changed: readonly StoredRecord[]): void => listeners.tell(untold(changed));
  const write = commitWriter(node, clock);
  const feed = await recordFeed(node, tell);
  const { lease, giveUp } = leases(node);
  return {
    records: recordReader(ask, history.ofRecord),
    entries: entryReader(ask, clock),
    audit: auditReader(ask, history),
    outbox: {
      pending: pendingMessages(ask),
      async done(ids) {
        await database.query("delete from outbox where id = any ($1)", [ids]);
      },
    },
    commit: async (commit) => tell(await write(commit)),
    onChange: (listener) => listeners.add(listener),
    feed,
    lease,
    sweep: sweeper(database, clock),
    async close() {
      await feed.stop();
      await giveUp();
    },
  };
}
