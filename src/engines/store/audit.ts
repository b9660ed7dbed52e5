import { z } from "zod";
import type { DatabaseFile } from "../sqlite/database-file.ts";
import { actorColumns, bounded, json, jsonObject } from "./column.ts";
import type { Audit, Commit, Store } from "./store.ts";

const auditRows = z.array(
  z
    .object({
      id: z.string(),
      workspace: z.string(),
      at: z.number(),
      operation: z.string(),
      subjects: json.pipe(z.array(z.string())),
      detail: jsonObject,
      ...actorColumns,
    })
    .transform(({ actor_kind, actor_id, ...audit }): Audit => ({
      ...audit,
      actor: { kind: actor_kind, id: actor_id },
    })),
);

export function auditReader(file: DatabaseFile): Store["audit"] {
  const columns = "id, workspace, at, actor_kind, actor_id, operation, subjects, detail";
  const newest = file.sql.prepare(
    `select ${columns} from audit where workspace = ? order by seq desc limit ?`,
  );
  const older = file.sql.prepare(`select ${columns} from audit where workspace = ?1
    and seq < (select seq from audit where workspace = ?1 and id = ?2) order by seq desc limit ?3`);
  return {
    list: async (workspace, { limit, before }) =>
      file.read(() => {
        const rows =
          before === undefined
            ? newest.all(workspace, bounded(limit))
            : older.all(workspace, before, bounded(limit));
        return auditRows.parse(rows);
      }),
  };
}

/** Writes a commit's audit row, within a transaction. */
export function auditWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into audit
    (id, workspace, at, actor_kind, actor_id, operation, subjects, detail) values (?, ?, ?, ?, ?, ?, ?, ?)`);
  return ({ workspace, at, actor, operation, audit }: Commit): void => {
    if (audit === null) return;
    const content = [audit.subjects, audit.detail].map((part) => JSON.stringify(part));
    insert.run(audit.id, workspace, at, actor.kind, actor.id, operation, ...content);
  };
}
