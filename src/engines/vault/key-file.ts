import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../../kernel/failure.ts";
import type { KeyRing } from "./key-ring.ts";
import { ringOf } from "./key-text.ts";

const fileBytesMax = 16 * 1024;

/**
 * The key ring in a file: one key per line, 32 bytes as base64url (43 characters), the current one first. A new
 * key is put on top and the others stay below for as long as anything is sealed by them. A missing file is made with
 * one new key and mode 0600; processes that start at once agree on one file.
 *
 * @throws Failure invalid when group or others may read the file, or a line is no key; the system's error when the
 * file cannot be read or made
 */
export function openKeyFile(path: string): KeyRing {
  const file = opened(path) ?? created(path);
  try {
    const { mode, size } = fstatSync(file);
    // Windows has no such bits and shows every file as readable by all.
    if (process.platform !== "win32" && (mode & 0o077) !== 0) throw exposed(path, mode);
    if (size > fileBytesMax) throw malformed(path, `is larger than ${fileBytesMax} bytes`);
    return ringOf(readFileSync(file, "utf8"), (fault) => malformed(path, fault));
  } finally {
    closeSync(file);
  }
}

function opened(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A link appears whole or not at all and never replaces a file, so the first of several starts wins. */
function created(path: string): number {
  const draft = `${path}.${randomBytes(8).toString("hex")}`;
  try {
    writeDurably(draft, `${randomBytes(32).toString("base64url")}\n`);
    linkSync(draft, path);
    // Once a secret is sealed by this key, losing the file's name in a power cut would lose the secret.
    syncFolder(dirname(path));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return openSync(path, "r");
}

function writeDurably(path: string, text: string): void {
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function malformed(path: string, fault: string): Failure {
  return new Failure("invalid", `The key file ${path} ${fault}.`, {
    hint: "Restore it from a backup. Without its keys, no stored secret can be opened.",
  });
}

function exposed(path: string, mode: number): Failure {
  const shown = (mode & 0o777).toString(8).padStart(4, "0");
  return new Failure(
    "invalid",
    `The key file ${path} may be used by others than its owner (mode ${shown}).`,
    {
      hint: `Run: chmod 600 ${path}`,
    },
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
