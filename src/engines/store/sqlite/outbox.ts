import type { DatabaseFile } from "../../sqlite/database-file.ts";
import type { Commit, Store } from "../store.ts";

export function messageRemover(file: DatabaseFile): Store["outbox"]["done"] {
  const remove = file.sql.prepare(`delete from outbox where id = ?`);
  return async (ids) =>
    file.write(() => {
      for (const id of ids) remove.run(id);
    });
}

/** Writes a commit's messages, within a transaction. */
export function outboxWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into outbox (id, workspace, name, payload) values (?, ?, ?, ?)`);
  return ({ workspace, outbox }: Commit): void => {
    for (const { id, name, payload } of outbox) insert.run(id, workspace, name, payload);
  };
}
