import { z } from "zod";
import type { HistoryReader } from "./history.ts";
import { actorColumns, bounded, json, jsonObject, type Ask } from "./row.ts";
import type { Audit, AuditQuery, Store } from "./store.ts";

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
const rows = z.array(auditRow);

const columns = ["id", "workspace", "at", "actor_kind", "actor_id", "operation", "subjects", "detail"]
  .map((name) => `audit.${name}`)
  .join(", ");
const get = `select ${columns} from audit where workspace = ? and id = ?`;

export function auditReader(ask: Ask, history: HistoryReader): Store["audit"] {
  return {
    list: async (workspace, query) => rows.parse(await ask(...listOf(workspace, query))),
    get: async (workspace, id) => rows.parse(await ask(get, workspace, id))[0],
    changes: (workspace, id) => history.ofAudit(workspace, id),
  };
}

function listOf(workspace: string, { limit, before, where = {} }: AuditQuery): Parameters<Ask> {
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
  const sql = `select ${columns} from ${source} where ${asked.map(([condition]) => condition).join(" and ")}
    order by ${table}.seq desc limit ?`;
  return [sql, ...given, bounded(limit)];
}
