import type { DatabaseFile } from "../../sqlite/database-file.ts";
import type { Commit } from "../store.ts";

/** Writes a commit's audit row, within a transaction. */
export function auditWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into audit
    (id, workspace, at, actor_kind, actor_id, operation, subjects, detail) values (?, ?, ?, ?, ?, ?, ?, ?)`);
  const name = sql.prepare(`insert into audit_subject (workspace, subject, seq) values (?, ?, ?)`);
  return ({ workspace, at, actor, operation, audit }: Commit): void => {
    if (audit === null) return;
    const content = [audit.subjects, audit.detail].map((part) => JSON.stringify(part));
    const row = insert.run(audit.id, workspace, at, actor.kind, actor.id, operation, ...content);
    for (const subject of new Set(audit.subjects)) name.run(workspace, subject, row.lastInsertRowid);
  };
}
