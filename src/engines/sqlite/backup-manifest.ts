import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";
import { openStill } from "./snapshot.ts";

const fileShape = z.strictObject({
  name: z.string(),
  bytes: z.int().min(0),
  /** Hex. */
  sha256: z.string(),
  /** null = no database. */
  database: z.strictObject({ schema: z.int(), rows: z.record(z.string(), z.int()) }).nullable(),
});

/** What a backup says of itself in `backup.json`, which is written last: a folder without one is no backup. */
const manifestShape = z.strictObject({
  format: z.literal(1),
  /** The version of Sluice that made it. */
  sluice: z.string(),
  /** The moment that it holds. */
  at: z.iso.datetime(),
  files: z.array(fileShape).max(20),
});

export type BackupFile = Readonly<z.output<typeof fileShape>>;
export type BackupManifest = Readonly<z.output<typeof manifestShape>>;

export const manifestFile = "backup.json";
const manifestBytesMax = 1024 * 1024;

/** @throws Failure not_found when the folder holds no backup; Failure invalid when its manifest is broken */
export function readManifest(folder: string): BackupManifest {
  const path = join(folder, manifestFile);
  if (!existsSync(path))
    throw new Failure("not_found", `There is no finished backup in ${folder}: ${manifestFile} is missing.`, {
      hint: "Name a folder that `sluice backup` made.",
    });
  try {
    return manifestShape.parse(JSON.parse(readFileSync(path, "utf8").slice(0, manifestBytesMax)));
  } catch (error) {
    if (!(error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
    throw new Failure("invalid", `${path} is damaged, or a newer version of Sluice wrote it.`, {
      hint: "Take another backup, or restore with the version that made it.",
    });
  }
}

/** Size and SHA-256 (hex) of a file. */
export async function digestOf(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    // A stream without an encoding gives buffers.
    if (!Buffer.isBuffer(chunk)) throw new TypeError("a chunk is no buffer");
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/**
 * Undefined when the file at `path` is what the manifest says: size, SHA-256, and for a database its schema, its rows
 * and SQLite's own check; else what is wrong with it.
 */
export async function differenceOf(path: string, file: BackupFile): Promise<string | undefined> {
  const { bytes, sha256 } = await digestOf(path);
  if (bytes !== file.bytes) return `has ${bytes} bytes instead of ${file.bytes}`;
  if (sha256 !== file.sha256) return "has another SHA-256 than was written";
  return file.database === null ? undefined : unlike(path, file.database);
}

/** How the database at `path`, which nobody writes, differs from what it should be. */
export function unlike(path: string, expected: NonNullable<BackupFile["database"]>): string | undefined {
  const copy = openStill(path);
  try {
    const [flaw] = copy.flaws("full");
    if (flaw !== undefined) return `is damaged: ${flaw}`;
    if (copy.schema !== expected.schema) return `has schema ${copy.schema} instead of ${expected.schema}`;
    const rows = copy.rows();
    const tables = [...new Set([...Object.keys(rows), ...Object.keys(expected.rows)])];
    const table = tables.find((name) => rows[name] !== expected.rows[name]);
    return table === undefined
      ? undefined
      : `has ${rows[table] ?? 0} rows in ${table} instead of ${expected.rows[table] ?? 0}`;
  } finally {
    copy.close();
  }
}
