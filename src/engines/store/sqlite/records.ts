import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { bounded, jsonObject, jsonTexts } from "./column.ts";
import type { HistoryReader } from "./history.ts";
import type { RecordQuery, Records, StoredRecord } from "../store.ts";

export const recordColumns = `record.workspace, record.kind, record.id, record.version,
  record.created_at as createdAt, record.updated_at as updatedAt, record.deleted_at as deletedAt,
  record.value, record.secrets`;

export const recordRow = z.object({
  workspace: z.string(),
  kind: z.string(),
  id: z.string(),
  version: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
  deletedAt: z.number().nullable(),
  value: jsonObject,
  secrets: jsonTexts,
});

const one = recordRow.optional();
const many = z.array(recordRow);
const whereNamesMax = 8;

export function recordReader(file: DatabaseFile, history: HistoryReader): Records {
  const { sql } = file;
  const get = sql.prepare(`select ${recordColumns} from record
    where workspace = ? and kind = ? and id = ? and (deleted_at is null or ?)`);
  const byKey = sql.prepare(`select ${recordColumns} from record_key join record using (workspace, kind, id)
    where record_key.workspace = ? and record_key.kind = ? and name = ? and record_key.value = ? and is_global = 0`);
  const byGlobalKey =
    sql.prepare(`select ${recordColumns} from record_key join record using (workspace, kind, id)
    where record_key.kind = ? and name = ? and record_key.value = ? and is_global = 1`);
  const count = sql.prepare(`select count(*) as live from record
    where workspace = ? and kind = ? and deleted_at is null`);
  const every = sql.prepare(`select ${recordColumns} from record
    where kind = ? and deleted_at is null and id > ? order by id limit ?`);
  const finds = findStatements(file);
  return {
    get: async (workspace, kind, id, deleted) =>
      file.read(() => one.parse(get.get(workspace, kind, id, deleted === undefined ? 0 : 1))),
    byKey: async (workspace, kind, name, value) =>
      file.read(() => one.parse(byKey.get(workspace, kind, name, value))),
    byGlobalKey: async (kind, name, value) => file.read(() => one.parse(byGlobalKey.get(kind, name, value))),
    find: async (workspace, kind, query) => file.read(() => found(finds, [workspace, kind], query)),
    count: async (workspace, kind) => file.read(() => Number(count.get(workspace, kind)?.["live"])),
    every: async (kind, { limit, after }) =>
      file.read(() => many.parse(every.all(kind, after ?? "", bounded(limit)))),
    history: async (workspace, kind, id, limit) => history.ofRecord(workspace, kind, id, limit),
  };
}

/** The statements of `find`, by how many names they match. */
function findStatements({ sql }: DatabaseFile): (names: number) => StatementSync {
  const statements = new Map<number, StatementSync>();
  return (names) => {
    if (names > whereNamesMax) throw new RangeError(`A query matches at most ${whereNamesMax} indexes.`);
    const statement = statements.get(names) ?? sql.prepare(findSql(names));
    statements.set(names, statement);
    return statement;
  };
}

const listSql = `select ${recordColumns} from record
  where workspace = ? and kind = ? and deleted_at is null`;
const firstIndexSql = `select ${recordColumns} from record_index as first join record using (workspace, kind, id)
  where first.workspace = ? and first.kind = ? and first.name = ? and first.value = ?`;
const otherIndexSql = `and exists (select 1 from record_index as other
  where other.workspace = record.workspace and other.kind = record.kind and other.name = ? and other.value = ?
  and other.created_at = record.created_at and other.id = record.id)`;

function findSql(names: number): string {
  const source = names === 0 ? listSql : `${firstIndexSql} ${otherIndexSql.repeat(names - 1)}`;
  const table = names === 0 ? "record" : "first";
  return `${source} and (${table}.created_at, ${table}.id) < (?, ?)
    order by ${table}.created_at desc, ${table}.id desc limit ?`;
}

function found(
  statements: (names: number) => StatementSync,
  place: readonly [workspace: string, kind: string],
  { where = {}, limit, after }: RecordQuery,
): readonly StoredRecord[] {
  const matches = Object.entries(where);
  const start = [after?.createdAt ?? Number.MAX_SAFE_INTEGER, after?.id ?? ""];
  return many.parse(statements(matches.length).all(...place, ...matches.flat(), ...start, bounded(limit)));
}
