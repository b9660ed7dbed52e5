import type { Query } from "../../postgres/database.ts";
import type { Ask } from "../row.ts";

/** No statement of the store has a `?` in a text of its own. */
export function askOf(database: Query): Ask {
  return (sql, ...values) => {
    let n = 0;
    return database.query(
      sql.replaceAll("?", () => `$${++n}`),
      values,
    );
  };
}
