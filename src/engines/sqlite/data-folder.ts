import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { sqliteCode } from "./database-file.ts";

/** The folder that this process alone writes to. */
export type DataFolder = {
  /** Absolute. */
  readonly path: string;
  /** Tells who is refused the folder, and `sluice doctor`, where this process serves and where its echo target is. */
  setAddress(url: string, echo: string): void;
  /** Gives the folder free, as the end of the process does, however it ends. */
  close(): void;
};

/** Text for people and agents that are refused; the lock alone decides. */
const holderShape = z.object({
  pid: z.number(),
  host: z.string(),
  startedAt: z.iso.datetime(),
  address: z.string().nullable(),
  echo: z.string().nullable().default(null),
});
type Holder = z.output<typeof holderShape>;

/** Stands in a folder while a restore moves files in: one that was cut short must not be taken for a whole one. */
export const restoringFolder = "restoring";

/** Locks live as long as their connection: one that nothing refers to would be closed by the garbage collector. */
const held = new Set<DatabaseSync>();

/**
 * Creates the folder (mode 0700) if it is absent and takes it for this process. The lock is SQLite's on `lock.db`,
 * which the operating system drops with the process: nothing stale stays behind, and no process id is compared.
 *
 * @throws Failure conflict when another process, or this one, holds the folder, or a restore into it was cut short;
 * Failure invalid when it is a file or may not be written; Failure unavailable when the disk is full
 */
export function openDataFolder(path: string, clock: Clock): DataFolder {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = locked(folder);
    if (existsSync(join(folder, restoringFolder))) {
      lock.close();
      throw cutShort(folder);
    }
    held.add(lock);
    return heldFolder(folder, lock, clock);
  } catch (error) {
    throw explained(error, folder);
  }
}

function heldFolder(folder: string, lock: DatabaseSync, clock: Clock): DataFolder {
  const startedAt = new Date(clock.now()).toISOString();
  const close = () => {
    if (!held.delete(lock)) return;
    // Before the lock goes: afterwards the file may be the next holder's.
    rmSync(holderFile(folder), { force: true });
    lock.close();
  };
  const tell = (address: string | null, echo: string | null) => {
    writeHolder(folder, { pid: process.pid, host: hostname(), startedAt, address, echo });
  };
  try {
    tell(null, null);
  } catch (error) {
    close();
    throw error;
  }
  return { path: folder, setAddress: tell, close };
}

function locked(folder: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, "lock.db"), { timeout: 0 });
  try {
    lock.exec("pragma locking_mode = exclusive; begin exclusive;");
    return lock;
  } catch (error) {
    lock.close();
    throw sqliteCode(error) === sqliteBusy ? inUse(folder) : error;
  }
}

const sqliteBusy = 5;

/** What is known of the process that holds a folder. */
export type FolderHolder = {
  /** Such as `process 4711 (started 2026-01-02T03:04:05.000Z, serving http://127.0.0.1:8080)`. */
  readonly who: string;
  readonly address: string | null;
  readonly echo: string | null;
};

/**
 * Who holds the folder, without taking it; undefined = nobody, or there is no such folder.
 *
 * @throws Failure when the lock cannot be read
 */
export function folderHolder(path: string): FolderHolder | undefined {
  const folder = resolve(path);
  const lockFile = join(folder, "lock.db");
  if (!existsSync(lockFile)) return undefined;
  try {
    const lock = new DatabaseSync(lockFile, { readOnly: true, timeout: 0 });
    try {
      lock.prepare("select 1 from sqlite_master").get();
      return undefined;
    } finally {
      lock.close();
    }
  } catch (error) {
    if (sqliteCode(error) !== sqliteBusy) throw explained(error, folder);
    const holder = readHolder(folder);
    return { who: described(holder), address: holder?.address ?? null, echo: holder?.echo ?? null };
  }
}

function inUse(folder: string): Failure {
  return new Failure("conflict", `The data folder ${folder} is in use by ${described(readHolder(folder))}.`, {
    hint: "Stop that process, or give this one its own folder with SLUICE_DATA_DIR.",
  });
}

function cutShort(folder: string): Failure {
  return new Failure("conflict", `A restore into the data folder ${folder} was cut short.`, {
    hint: "Empty the folder and run `sluice restore` again, or name another with SLUICE_DATA_DIR.",
  });
}

function described(holder: Holder | undefined): string {
  if (holder === undefined) return "another process";
  const where = holder.host === hostname() ? "" : ` on ${holder.host}`;
  const serving = holder.address === null ? "" : `, serving ${holder.address}`;
  return `process ${holder.pid}${where} (started ${holder.startedAt}${serving})`;
}

function holderFile(folder: string): string {
  return join(folder, "holder.json");
}

function writeHolder(folder: string, holder: Holder): void {
  const draft = `${holderFile(folder)}.draft`;
  writeFileSync(draft, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(draft, holderFile(folder));
}

function readHolder(folder: string): Holder | undefined {
  try {
    return holderShape.parse(JSON.parse(readFileSync(holderFile(folder), "utf8")));
  } catch {
    // The holder has not written it yet, or someone broke it. The refusal stands without it.
    return undefined;
  }
}

const noSpace = ["unavailable", "cannot be written: the disk is full"] as const;
const noAccess = ["invalid", "cannot be written by the user that runs this process"] as const;
const noFolder = ["invalid", "cannot be made: it or a part of its path is a file"] as const;

/** By the system's error code, or SQLite's primary result code. */
const causes: Readonly<Record<string, readonly ["unavailable" | "invalid", string]>> = {
  EEXIST: noFolder,
  ENOTDIR: noFolder,
  EACCES: noAccess,
  EPERM: noAccess,
  EROFS: noAccess,
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  8: noAccess,
  10: ["unavailable", "cannot be locked: its file system reports an error"],
  13: noSpace,
  14: noAccess,
};

function explained(error: unknown, folder: string): unknown {
  if (error instanceof Failure || !(error instanceof Error)) return error;
  const cause = causes[sqliteCode(error) ?? ("code" in error ? String(error.code) : "")];
  if (cause === undefined) return error;
  return new Failure(cause[0], `The data folder ${folder} ${cause[1]}.`, {
    hint: "Name a folder that this process may write, with SLUICE_DATA_DIR.",
  });
}
