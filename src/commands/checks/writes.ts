import { numberOf, textOf } from "../../engines/stored/row.ts";
import { ok, problem } from "../check.ts";
import { databaseCheck } from "../database-check.ts";

/** This session is read-only by its own wish: what others get stands in reset_val. */
const sql = `select pg_is_in_recovery() as standby, quote_ident(current_database()) as database,
  (select reset_val from pg_settings where name = 'default_transaction_read_only') as read_only`;

export const writes = databaseCheck("writes", [], async ({ query }) => {
  const [row = {}] = await query(sql);
  if (numberOf(row, "standby") === 1)
    return [
      problem(
        "It is a standby, which takes no writes.",
        "Name the primary in SLUICE_DATABASE_URL, or promote this one if the primary is gone for good.",
      ),
    ];
  if (textOf(row, "read_only") === "on")
    return [
      problem(
        "Transactions are read-only (default_transaction_read_only).",
        `Find out who set it and why, such as a full disk; then: alter database ${textOf(row, "database")} reset default_transaction_read_only, and the same for the role and in postgresql.conf.`,
      ),
    ];
  return [ok("It is a primary and takes writes.")];
});
