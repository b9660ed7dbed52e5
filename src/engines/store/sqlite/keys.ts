import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { keyTaken } from "../steps.ts";
import type { RecordChange, StoredRecord } from "../store.ts";

/** Frees and takes the unique keys and the indexes of records, within a transaction. */
export function keyWriter({ sql }: DatabaseFile) {
  const freeKeys = sql.prepare(`delete from record_key where workspace = ? and kind = ? and id = ?`);
  const freeIndexes = sql.prepare(`delete from record_index where workspace = ? and kind = ? and id = ?`);
  const takeKey = sql.prepare(`insert into record_key (workspace, kind, id, name, value, is_global)
    values (?, ?, ?, ?, ?, ?) on conflict do nothing`);
  const index = sql.prepare(`insert into record_index (workspace, kind, id, name, value, created_at)
    values (?, ?, ?, ?, ?, ?)`);

  function takeAll(keys: RecordChange["keys"], isGlobal: 0 | 1, record: StoredRecord): void {
    const { workspace, kind, id } = record;
    for (const [name, value] of Object.entries(keys)) {
      if (takeKey.run(workspace, kind, id, name, value, isGlobal).changes === 0) throw keyTaken(kind, name);
    }
  }

  return {
    free({ workspace, kind, id }: StoredRecord): void {
      freeKeys.run(workspace, kind, id);
      freeIndexes.run(workspace, kind, id);
    },
    take(change: RecordChange, record: StoredRecord): void {
      takeAll(change.keys, 0, record);
      takeAll(change.globalKeys, 1, record);
      const { workspace, kind, id, createdAt } = record;
      for (const [name, value] of Object.entries(change.indexes)) {
        index.run(workspace, kind, id, name, value, createdAt);
      }
    },
  };
}
