import type { DatabaseSync } from "node:sqlite";
import type { Row, SqlValue } from "../stored/row.ts";

export type Statement = { readonly sql: string; readonly params: readonly SqlValue[] };

/** What a statement did: rows only when it returns any (`select`, `returning`). */
export type Written = { readonly changes: number; readonly rows?: readonly Row[] };

/** Runs the statements in one transaction; on an error none of them took place. */
export function runStatements(database: DatabaseSync, statements: readonly Statement[]): readonly Written[] {
  database.exec("begin immediate");
  try {
    const written = statements.map((statement) => runStatement(database, statement));
    database.exec("commit");
    return written;
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}

function runStatement(database: DatabaseSync, { sql, params }: Statement): Written {
  const statement = database.prepare(sql);
  if (statement.columns().length === 0) return { changes: Number(statement.run(...params).changes) };
  const rows = statement.all(...params);
  return { changes: rows.length, rows };
}
