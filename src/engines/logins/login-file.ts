import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { Secret } from "../../kernel/secret.ts";
import { sqliteCode } from "../sqlite/database-file.ts";
import { fileFailure, syncPath, writeNewFile } from "../stored/durable-file.ts";
import type { KeptLogins, Login, Logins } from "./logins.ts";

const fileName = "credentials.json";
const fileBytesMax = 256 * 1024;
const lockPollMs = 50;
const lockWaitMs = 30_000;
const sqliteBusy = 5;

const File = z.record(
  z.string(),
  z.object({ accessToken: z.string(), refreshToken: z.string(), expiresAt: z.number() }),
);
type File = z.output<typeof File>;

/**
 * Logins in `credentials.json` of a folder: mode 0600, in a folder that is made with 0700. The lock is SQLite's on `lock.db`
 * beside it, which the operating system drops with the process.
 */
export function loginFile(folder: string): Logins {
  const path = join(folder, fileName);
  const kept: KeptLogins = {
    get: (url) =>
      loginOf(
        explained(() => readFile(path)),
        url,
      ),
    set: (url, login) => explained(() => replace(folder, changed(readFile(path), url, login))),
  };
  return {
    get: kept.get,
    async alone(use) {
      explained(() => mkdirSync(folder, { recursive: true, mode: 0o700 }));
      const lock = await locked(join(folder, "lock.db"));
      try {
        return await use(kept);
      } finally {
        lock.close();
      }
    },
  };
}

function loginOf(file: File, url: string): Login | undefined {
  const found = Object.entries(file).find(([name]) => name === url)?.[1];
  if (found === undefined) return undefined;
  const { accessToken, refreshToken, expiresAt } = found;
  return { accessToken: new Secret(accessToken), refreshToken: new Secret(refreshToken), expiresAt };
}

function changed(file: File, url: string, login: Login | null): File {
  const others = Object.entries(file).filter(([name]) => name !== url);
  if (login === null) return Object.fromEntries(others);
  const { accessToken, refreshToken, expiresAt } = login;
  const text = { accessToken: accessToken.reveal(), refreshToken: refreshToken.reveal(), expiresAt };
  return Object.fromEntries([...others, [url, text]]);
}

function readFile(path: string): File {
  const file = opened(path);
  if (file === undefined) return {};
  try {
    const { mode, size } = fstatSync(file);
    // Windows has no such bits and shows every file as readable by all.
    if (process.platform !== "win32" && (mode & 0o077) !== 0)
      throw new Failure("invalid", `Others on this machine may use ${path}.`, {
        hint: `Run: chmod 600 ${path}`,
      });
    if (size <= fileBytesMax) return parsed(readFileSync(file, "utf8"), path);
    throw malformed(path);
  } finally {
    closeSync(file);
  }
}

function parsed(text: string, path: string): File {
  try {
    return File.parse(JSON.parse(text));
  } catch {
    throw malformed(path);
  }
}

function malformed(path: string): Failure {
  return new Failure("invalid", `${path} is not what \`sluice login\` writes.`, {
    hint: "Remove it, then run `sluice login`.",
  });
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whole or not at all: a refresh token that is half written is a login lost. */
function replace(folder: string, file: File): void {
  const path = join(folder, fileName);
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    writeNewFile(draft, `${JSON.stringify(file, null, 2)}\n`);
    renameSync(draft, path);
    syncPath(folder);
  } finally {
    rmSync(draft, { force: true });
  }
}

async function locked(path: string): Promise<DatabaseSync> {
  for (let waitedMs = 0; waitedMs < lockWaitMs; waitedMs += lockPollMs) {
    const lock = tried(path);
    if (lock !== undefined) return lock;
    await sleep(lockPollMs);
  }
  throw new Failure("unavailable", "Another command has been renewing the login for half a minute.", {
    hint: "Wait for it to end, then try again.",
  });
}

function tried(path: string): DatabaseSync | undefined {
  const lock = explained(() => new DatabaseSync(path, { timeout: 0 }));
  try {
    lock.exec("begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    if (sqliteCode(error) === sqliteBusy) return undefined;
    throw error;
  }
}

function explained<T>(use: () => T): T {
  try {
    return use();
  } catch (error) {
    throw fileFailure(error);
  }
}
