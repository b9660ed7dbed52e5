import type { Clock } from "../../kernel/clock.ts";
import { openDatabaseFile } from "../sqlite/database-file.ts";
import { auditReader } from "./audit.ts";
import { entryReader } from "./entries.ts";
import { historyReader } from "./history.ts";
import { changeListeners, warn } from "./listeners.ts";
import { pendingMessages } from "./outbox.ts";
import { recordReader } from "./records.ts";
import { askOf } from "./sqlite/ask.ts";
import { commitWriter } from "./sqlite/commit.ts";
import { messageRemover } from "./sqlite/outbox.ts";
import { storeMigrations } from "./sqlite/schema.ts";
import { sweeper } from "./sqlite/sweep.ts";
import type { Store } from "./store.ts";

/**
 * A store in one SQLite file, used from the calling thread: configuration is small, and a commit takes about as long
 * as the disk needs to sync. `report` is told what a change listener threw; without it Node warns on standard error.
 *
 * @throws Failure conflict when a newer version wrote the file; Failure unavailable when it cannot be opened
 */
export function sqliteStore(path: string, clock: Clock, report: (bug: unknown) => void = warn): Store {
  const file = openDatabaseFile(path, storeMigrations, "full");
  const ask = askOf(file);
  const write = commitWriter(file, clock);
  const sweep = sweeper(file, clock);
  const history = historyReader(ask);
  const listeners = changeListeners(report);
  return {
    records: recordReader(ask, history.ofRecord),
    entries: entryReader(ask, clock),
    audit: auditReader(ask, history),
    outbox: { pending: pendingMessages(ask), done: messageRemover(file) },
    commit: async (commit) => listeners.tell(write(commit)),
    onChange: (listener) => listeners.add(listener),
    // The file belongs to this process: nobody else changes anything, and nobody else could do the work.
    feed: { silentMs: () => 0 },
    lease: async () => true,
    sweep: async (limit) => sweep(limit),
    close: async () => file.close(),
  };
}
