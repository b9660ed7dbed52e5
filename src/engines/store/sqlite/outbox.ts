import { z } from "zod";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { bounded } from "./column.ts";
import type { Commit, Store } from "../store.ts";

const messageRows = z.array(
  z.object({ id: z.string(), workspace: z.string(), name: z.string(), payload: z.string() }),
);

export function outboxOf(file: DatabaseFile): Store["outbox"] {
  const pending = file.sql.prepare(`select id, workspace, name, payload from outbox order by seq limit ?`);
  const remove = file.sql.prepare(`delete from outbox where id = ?`);
  return {
    pending: async (limit) => file.read(() => messageRows.parse(pending.all(bounded(limit)))),
    done: async (ids) =>
      file.write(() => {
        for (const id of ids) remove.run(id);
      }),
  };
}

/** Writes a commit's messages, within a transaction. */
export function outboxWriter({ sql }: DatabaseFile) {
  const insert = sql.prepare(`insert into outbox (id, workspace, name, payload) values (?, ?, ?, ?)`);
  return ({ workspace, outbox }: Commit): void => {
    for (const { id, name, payload } of outbox) insert.run(id, workspace, name, payload);
  };
}
