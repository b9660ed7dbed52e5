import { z } from "zod";
import type { Row } from "../stored/row.ts";
import { bounded, jsonObject, jsonTexts, type Ask } from "./row.ts";
import type { RecordQuery, Records, StoredRecord } from "./store.ts";

export const recordColumns = `record.workspace, record.kind, record.id, record.version,
  record.created_at as "createdAt", record.updated_at as "updatedAt", record.deleted_at as "deletedAt",
  record.value, record.secrets`;

const recordRow = z.object({
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
/** Rows of `recordColumns`. */
export const recordRows = z.array(recordRow);
const fingerprintsRow = z.object({ fingerprints: jsonTexts });

/** A record at one version, and what its history may tell of its secrets. */
export type Version = {
  readonly record: StoredRecord;
  readonly fingerprints: Readonly<Record<string, string>>;
};

export const versionColumns = `${recordColumns}, record.fingerprints`;

/** From a row of `versionColumns`. */
export function versionOf(row: Row): Version {
  return { record: recordRow.parse(row), fingerprints: fingerprintsRow.parse(row).fingerprints };
}

const whereNamesMax = 8;

const get = `select ${recordColumns} from record
  where workspace = ? and kind = ? and id = ? and (deleted_at is null or ? = 1)`;
const byKey = `select ${recordColumns} from record_key join record using (workspace, kind, id)
  where record_key.workspace = ? and record_key.kind = ? and name = ? and record_key.value = ? and is_global = 0`;
const byGlobalKey = `select ${recordColumns} from record_key join record using (workspace, kind, id)
  where record_key.kind = ? and name = ? and record_key.value = ? and is_global = 1`;
const count = "select count(*) as live from record where workspace = ? and kind = ? and deleted_at is null";
const every = `select ${recordColumns} from record
  where kind = ? and deleted_at is null and id > ? order by id limit ?`;

export function recordReader(ask: Ask, history: Records["history"]): Records {
  const one = async (...asked: Parameters<Ask>): Promise<StoredRecord | undefined> => {
    const [row] = await ask(...asked);
    return row === undefined ? undefined : recordRow.parse(row);
  };
  const many = async (...asked: Parameters<Ask>): Promise<readonly StoredRecord[]> =>
    recordRows.parse(await ask(...asked));
  return {
    get: (workspace, kind, id, deleted) => one(get, workspace, kind, id, deleted === undefined ? 0 : 1),
    byKey: (workspace, kind, name, value) => one(byKey, workspace, kind, name, value),
    byGlobalKey: (kind, name, value) => one(byGlobalKey, kind, name, value),
    find: async (workspace, kind, { where = {}, limit, after }) => {
      const matches = Object.entries(where);
      const start = [after?.createdAt ?? Number.MAX_SAFE_INTEGER, after?.id ?? ""];
      return many(findSql(matches.length), workspace, kind, ...matches.flat(), ...start, bounded(limit));
    },
    count: async (workspace, kind) => Number((await ask(count, workspace, kind))[0]?.["live"]),
    every: (kind, { limit, after }) => many(every, kind, after ?? "", bounded(limit)),
    history,
  };
}

const listSql = `select ${recordColumns} from record
  where workspace = ? and kind = ? and deleted_at is null`;
const firstIndex = `from record_index as first join record using (workspace, kind, id)
  where first.workspace = ? and first.kind = ? and first.name = ? and first.value = ?`;
const otherIndex = `and exists (select 1 from record_index as other
  where other.workspace = record.workspace and other.kind = record.kind and other.name = ? and other.value = ?
  and other.created_at = record.created_at and other.id = record.id)`;

function findSql(names: number): string {
  const source = names === 0 ? listSql : `select ${recordColumns} ${firstIndex} ${others(names)}`;
  const table = names === 0 ? "record" : "first";
  return `${source} and (${table}.created_at, ${table}.id) < (?, ?)
    order by ${table}.created_at desc, ${table}.id desc limit ?`;
}

function others(names: number): string {
  if (names > whereNamesMax) throw new RangeError(`A query matches at most ${whereNamesMax} indexes.`);
  return otherIndex.repeat(names - 1);
}

/** SQL that counts live records, and the values for its `?`. */
export function countOf(
  workspace: string,
  kind: string,
  where: NonNullable<RecordQuery["where"]>,
): readonly [sql: string, ...values: string[]] {
  const matches = Object.entries(where);
  const sql =
    matches.length === 0 ? count : `select count(*) as live ${firstIndex} ${others(matches.length)}`;
  return [sql, workspace, kind, ...matches.flat()];
}
