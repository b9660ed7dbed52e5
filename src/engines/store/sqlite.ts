import type { Clock } from "../../kernel/clock.ts";
import { openDatabaseFile } from "../sqlite/database-file.ts";
import { auditReader } from "./sqlite/audit.ts";
import { commitWriter } from "./sqlite/commit.ts";
import { entryReader } from "./sqlite/entries.ts";
import { historyReader } from "./sqlite/history.ts";
import { changeListeners } from "./listeners.ts";
import { outboxOf } from "./sqlite/outbox.ts";
import { recordReader } from "./sqlite/records.ts";
import { storeMigrations } from "./sqlite/schema.ts";
import type { Store } from "./store.ts";
import { sweeper } from "./sqlite/sweep.ts";

/**
 * A store in one SQLite file, used from the calling thread: configuration is small, and a commit takes about as long
 * as the disk needs to sync. `report` is told what a change listener threw; without it Node warns on standard error.
 *
 * @throws Failure conflict when a newer version wrote the file; Failure unavailable when it cannot be opened
 */
export function sqliteStore(path: string, clock: Clock, report: (bug: unknown) => void = warn): Store {
  const file = openDatabaseFile(path, storeMigrations, "full");
  const write = commitWriter(file, clock);
  const sweep = sweeper(file, clock);
  const history = historyReader(file);
  const listeners = changeListeners(report);
  return {
    records: recordReader(file, history),
    entries: entryReader(file, clock),
    audit: auditReader(file, history),
    outbox: outboxOf(file),
    commit: async (commit) => listeners.tell(write(commit)),
    onChange: (listener) => listeners.add(listener),
    sweep: async (limit) => sweep(limit),
    close: async () => file.close(),
  };
}

function warn(bug: unknown): void {
  process.emitWarning(bug instanceof Error ? bug : new Error(String(bug)));
}
