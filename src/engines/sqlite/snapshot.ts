import { backup, DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Row, SqlValue } from "../stored/row.ts";
import { sqliteFailure } from "./database-file.ts";

/** A database file as it is at one moment, whatever is written to it meanwhile. Nothing in it is changed. */
export type Snapshot = {
  /** `user_version`: how many migrations it has seen. */
  readonly schema: number;
  /** How many rows each table has. */
  rows(): Readonly<Record<string, number>>;
  /** At most as many rows as the query's own limit. */
  select(sql: string, ...params: readonly SqlValue[]): readonly Row[];
  /** What SQLite finds wrong, at most 10 sentences. `quick` leaves out whether indexes match their tables. */
  flaws(depth: "quick" | "full"): readonly string[];
  /** Copies it into an empty file. `progress` is told pages. */
  copyTo(path: string, progress: (copied: number, total: number) => void): Promise<void>;
  close(): void;
};

const busyMsMax = 2_000;
const flawsMax = 10;
/** Pages of 8 KiB between two looks at how far it is. */
const pagesPerStep = 1_000;

/**
 * Opens the file as it is now. The read transaction that holds the moment is what makes a copy beside a busy writer
 * end: without it every commit would start the copy anew. Meanwhile the write-ahead log only grows, so close it soon.
 *
 * @throws Failure unavailable when the file is absent, damaged or no database
 */
export function openSnapshot(path: string): Snapshot {
  return snapshot(path, path);
}

/**
 * As `openSnapshot`, for a file that nobody writes, such as a copy: needs no right to write and leaves no file beside it.
 *
 * @throws Failure unavailable when the file is absent, damaged or no database
 */
export function openStill(path: string): Snapshot {
  const address = pathToFileURL(path);
  address.search = "?immutable=1";
  return snapshot(path, address);
}

function snapshot(path: string, address: string | URL): Snapshot {
  const said = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw sqliteFailure(path, error);
    }
  };
  const sql = said(() => new DatabaseSync(address, { readOnly: true, timeout: busyMsMax }));
  const select = (query: string, params: readonly SqlValue[]) =>
    said(() => sql.prepare(query).all(...params));
  try {
    // A transaction begins at its first read.
    sql.exec("begin");
    const schema = Number(select("pragma user_version", [])[0]?.["user_version"]);
    said(() => sql.exec("select 1 from sqlite_master"));
    return {
      schema,
      rows: () => rowsOf((query) => select(query, [])),
      select: (query, ...params) => select(query, params),
      flaws: (depth) => flawsOf(sql, depth, path),
      async copyTo(to, progress) {
        try {
          await backup(sql, to, {
            rate: pagesPerStep,
            progress: ({ totalPages, remainingPages }) => progress(totalPages - remainingPages, totalPages),
          });
        } catch (error) {
          throw sqliteFailure(to, error);
        }
      },
      close: () => sql.close(),
    };
  } catch (error) {
    sql.close();
    throw error;
  }
}

function rowsOf(select: (sql: string) => readonly Row[]): Readonly<Record<string, number>> {
  const tables = select(
    `select name from sqlite_master where type = 'table' and name not glob 'sqlite_*' order by name`,
  );
  return Object.fromEntries(
    tables.map(({ name }) => [
      String(name),
      Number(select(`select count(*) as n from "${String(name)}"`)[0]?.["n"]),
    ]),
  );
}

function flawsOf(sql: DatabaseSync, depth: "quick" | "full", path: string): readonly string[] {
  const pragma = depth === "quick" ? "quick_check" : "integrity_check";
  try {
    const found = sql.prepare(`pragma ${pragma}(${flawsMax})`).all();
    return found.map((row) => String(row[pragma])).filter((text) => text !== "ok");
  } catch (error) {
    // A file can be too broken to be checked.
    const failure = sqliteFailure(path, error);
    if (failure === error || !(failure instanceof Error)) throw error;
    return [failure.message];
  }
}
