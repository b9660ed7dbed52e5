import type { DatabaseSync } from "node:sqlite";

/** What the server makes of what is stored, by itself and at any moment. */
const derived = new Set([
  "rolled",
  "rollup",
  "ending_rollup",
  "unrolled",
  "summary",
  "interval_summary",
  "block",
]);
/** How far the catalogue of routes has come is noted once a minute, whatever is asked meanwhile. */
const ofCalls = "where collection not like 'catalogue%'";

/** How many rows each table has: equal means that no call wrote anything, not even by half. */
export function storedRows(files: readonly DatabaseSync[]): ReadonlyMap<unknown, unknown> {
  return new Map(
    files.flatMap((file) =>
      file
        .prepare("select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'")
        .all()
        .filter(({ name }) => !derived.has(String(name)))
        .map(({ name }): [unknown, unknown] => {
          const which = name === "entry" ? ofCalls : "";
          return [
            name,
            file.prepare(`select count(*) as rows from "${String(name)}" ${which}`).get()?.["rows"],
          ];
        }),
    ),
  );
}
