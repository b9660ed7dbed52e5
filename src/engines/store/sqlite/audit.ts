import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import { actorColumns, bounded, json, jsonObject } from "./column.ts";
import type { HistoryReader } from "./history.ts";
import type { Audit, AuditQuery, Commit, Store } from "../store.ts";

const auditRow = z
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
  }));
const one = auditRow.optional();
const many = z.array(auditRow);

const columns = ["id", "workspace", "at", "actor_kind", "actor_id", "operation", "subjects", "detail"]
  .map((name) => `audit.${name}`)
  .join(", ");

export function auditReader(file: DatabaseFile, history: HistoryReader): Store["audit"] {
  const get = file.sql.prepare(`select ${columns} from audit where workspace = ? and id = ?`);
  const lists = listStatements(file);
  return {
    list: async (workspace, query) =>
      file.read(() => {
        const { sql, values } = listOf(workspace, query);
        return many.parse(lists(sql).all(...values));
      }),
    get: async (workspace, id) => file.read(() => one.parse(get.get(workspace, id))),
    changes: async (workspace, id) => history.ofAudit(workspace, id),
  };
}

/** One statement per combination of what is asked for, made when it is first used. */
function listStatements({ sql }: DatabaseFile): (text: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (text) => {
    const statement = statements.get(text) ?? sql.prepare(text);
    statements.set(text, statement);
    return statement;
  };
}

type List = { readonly sql: string; readonly values: readonly (string | number)[] };

function listOf(workspace: string, { limit, before, where = {} }: AuditQuery): List {
  const { subject, operation, actor, since } = where;
  const source = subject === undefined ? "audit" : "audit_subject as seen join audit using (seq)";
  const table = subject === undefined ? "audit" : "seen";
  const older = `${table}.seq < (select seq from audit where workspace = ? and id = ?)`;
  const conditions: readonly (readonly [condition: string, ...values: (string | number | undefined)[]])[] = [
    [`${table}.workspace = ?`, workspace],
    ["seen.subject = ?", subject],
    ["audit.operation = ?", operation],
    ["audit.actor_id = ?", actor],
    ["audit.at >= ?", since],
    [older, before === undefined ? undefined : workspace, before],
  ];
  const asked = conditions.filter(([, value]) => value !== undefined);
  const given = asked.flatMap(([, ...values]) => values.filter((value) => value !== undefined));
  return {
    sql: `select ${columns} from ${source} where ${asked.map(([condition]) => condition).join(" and ")}
      order by ${table}.seq desc limit ?`,
    values: [...given, bounded(limit)],
  };
}

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
