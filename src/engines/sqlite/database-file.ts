import { DatabaseSync } from "node:sqlite";
import { Failure } from "../../kernel/failure.ts";

/** A small SQLite database that is used from the thread that opened it. */
export type DatabaseFile = {
  readonly sql: DatabaseSync;
  /**
   * Runs `work`, which may read only.
   *
   * @throws Failure unavailable when the file is locked, full or cannot be read
   */
  read<T>(work: () => T): T;
  /**
   * Runs `work` in one transaction that is written when it returns and rolled back when it throws.
   *
   * @throws Failure unavailable when the file is locked, full or cannot be written; whatever `work` throws
   */
  write<T>(work: () => T): T;
  close(): void;
};

/** `full` survives a power cut; `normal` survives the end of the process, and a power cut may take the last writes. */
export type Durability = "full" | "normal";

/** How long a statement blocks its thread while another process, such as a backup tool, holds the file. */
const busyMsMax = 250;
const retryAfterMs = 1000;

/**
 * Opens or creates the file in WAL mode and brings it forward: migration n takes it from `user_version` n to n + 1.
 *
 * @throws Failure conflict when a newer version wrote the file or it belongs to another program; Failure unavailable
 * when it cannot be opened
 */
export function openDatabaseFile(
  path: string,
  migrations: readonly string[],
  durability: Durability,
): DatabaseFile {
  return translated(path, () => {
    const sql = new DatabaseSync(path, { timeout: busyMsMax });
    try {
      const file = databaseFile(sql, path);
      // Looking comes first: a file that is refused is left as it was, in its own journal mode.
      refuseForeign(sql, path, migrations.length);
      sql.exec(`pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = ${durability};`);
      file.write(() => migrate(sql, path, migrations));
      return file;
    } catch (error) {
      sql.close();
      throw error;
    }
  });
}

function databaseFile(sql: DatabaseSync, path: string): DatabaseFile {
  return {
    sql,
    read: (work) => translated(path, work),
    write: (work) => translated(path, () => transaction(sql, work)),
    close: () => sql.close(),
  };
}

function transaction<T>(sql: DatabaseSync, work: () => T): T {
  sql.exec("begin immediate");
  try {
    const result = work();
    sql.exec("commit");
    return result;
  } catch (error) {
    // SQLite itself has rolled back after some errors, such as a full disk.
    if (sql.isTransaction) sql.exec("rollback");
    throw error;
  }
}

function migrate(sql: DatabaseSync, path: string, migrations: readonly string[]): void {
  refuseForeign(sql, path, migrations.length);
  for (const migration of migrations.slice(versionOf(sql))) sql.exec(migration);
  sql.exec(`pragma user_version = ${migrations.length}`);
}

function refuseForeign(sql: DatabaseSync, path: string, known: number): void {
  const version = versionOf(sql);
  if (version > known) {
    throw new Failure(
      "conflict",
      `${path} has schema ${version}; this version of Sluice knows up to ${known}.`,
      {
        hint: "Start the newer version that wrote it, or restore a backup made before the upgrade.",
      },
    );
  }
  if (version === 0 && sql.prepare("select 1 from sqlite_master limit 1").get() !== undefined) {
    throw new Failure("conflict", `${path} is a database of another program.`, {
      hint: "Use an empty data folder (SLUICE_DATA_DIR).",
    });
  }
}

function versionOf(sql: DatabaseSync): number {
  return Number(sql.prepare("pragma user_version").get()?.["user_version"] ?? 0);
}

/** By primary result code: what the world around the file causes. All other errors are bugs. */
const causes: Readonly<Record<number, string>> = {
  5: "is locked by another process",
  6: "is locked",
  8: "is read-only",
  10: "cannot be read or written: the disk reports an error",
  11: "is damaged",
  13: "cannot grow: the disk is full",
  14: "cannot be opened",
  26: "is not a SQLite database",
};

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw sqliteFailure(path, error);
  }
}

/** The Failure unavailable that an error of SQLite's stands for when the world around the file caused it, else itself. */
export function sqliteFailure(path: string, error: unknown): unknown {
  const cause = causes[sqliteCode(error) ?? 0];
  return cause === undefined
    ? error
    : new Failure("unavailable", `The database ${path} ${cause}.`, { retryAfterMs });
}

/** The primary result code (https://www.sqlite.org/rescode.html) of an error of SQLite's, else undefined. */
export function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode & 0xff
    : undefined;
}
