import { chmodSync, closeSync, copyFileSync, fsyncSync, openSync, writeSync } from "node:fs";
import { Failure } from "../../kernel/failure.ts";

/** Writes a new file for its owner only; it survives a power cut once its folder is synced too. */
export function writeNewFile(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Copies a file to a new one for its owner only. */
export function copyNewFile(from: string, to: string): void {
  writeNewFile(to, "");
  copyFileSync(from, to);
  // Copying a file may copy its mode.
  chmodSync(to, 0o600);
  syncPath(to);
}

/** Makes a file's content, or the names in a folder, survive a power cut. */
export function syncPath(path: string): void {
  if (process.platform === "win32") return;
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

const causes: Readonly<Record<string, readonly ["unavailable" | "invalid", string]>> = {
  ENOSPC: ["unavailable", "the disk is full"],
  EDQUOT: ["unavailable", "the disk quota is used up"],
  EACCES: ["invalid", "this user may not"],
  EPERM: ["invalid", "this user may not"],
  EROFS: ["invalid", "the file system is read-only"],
  ENOENT: ["invalid", "there is no such file"],
  ENOTDIR: ["invalid", "a part of the path is a file"],
  EEXIST: ["invalid", "it exists already"],
  EIO: ["unavailable", "the disk reports an error"],
};

/** The failure that an error of the file system stands for when it is no bug, else the error itself. */
export function fileFailure(error: unknown): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  const cause = causes[String(error.code)];
  if (cause === undefined) return error;
  const path = "path" in error ? ` ${String(error.path)}` : "";
  return new Failure(cause[0], `The file${path} cannot be read or written: ${cause[1]}.`);
}
