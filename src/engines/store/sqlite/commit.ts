import type { Clock } from "../../../kernel/clock.ts";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { auditWriter } from "./audit.ts";
import { changeWriter } from "./changes.ts";
import { entryWriter } from "./entries.ts";
import { outboxWriter } from "./outbox.ts";
import type { Commit, StoredRecord } from "../store.ts";

/** Writes a whole commit in one transaction and returns the records it changed. */
export function commitWriter(file: DatabaseFile, clock: Clock): (commit: Commit) => readonly StoredRecord[] {
  const writeChanges = changeWriter(file);
  const writeEntry = entryWriter(file, clock);
  const writeOutbox = outboxWriter(file);
  const writeAudit = auditWriter(file);
  return (commit) =>
    file.write(() => {
      const changed = writeChanges(commit);
      for (const entry of commit.entries) writeEntry(commit.workspace, entry);
      writeOutbox(commit);
      writeAudit(commit);
      return changed;
    });
}
