import type { StatementSync } from "node:sqlite";
import type { DatabaseFile } from "../../sqlite/database-file.ts";
import type { Ask } from "../row.ts";

/** Each statement is prepared when it is first asked; the store has some dozens of them. */
export function askOf(file: DatabaseFile): Ask {
  const statements = new Map<string, StatementSync>();
  return async (sql, ...values) =>
    file.read(() => {
      const statement = statements.get(sql) ?? file.sql.prepare(sql);
      statements.set(sql, statement);
      return statement.all(...values);
    });
}
