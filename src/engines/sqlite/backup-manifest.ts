import { z } from "zod";
import {
  digestDifference,
  digestOf,
  fileMembers,
  headMembers,
  readManifest,
} from "../stored/backup-manifest.ts";
import { openStill } from "./snapshot.ts";

const fileShape = z.strictObject({
  ...fileMembers,
  /** null = no database. */
  database: z.strictObject({ schema: z.int(), rows: z.record(z.string(), z.int()) }).nullable(),
});

const manifestShape = z.strictObject({
  ...headMembers,
  from: z.literal("embedded").default("embedded"),
  files: z.array(fileShape).max(20),
});

export type BackupFile = Readonly<z.output<typeof fileShape>>;
export type BackupManifest = Readonly<z.output<typeof manifestShape>>;

/** The manifest of a backup of a data folder. @throws Failure as `readManifest` of every backup does */
export function folderManifest(folder: string): BackupManifest {
  return readManifest(folder, "embedded", manifestShape);
}

/**
 * Undefined when the file at `path` is what the manifest says: size, SHA-256, and for a database its schema, its rows
 * and SQLite's own check; else what is wrong with it.
 */
export async function differenceOf(path: string, file: BackupFile): Promise<string | undefined> {
  const difference = digestDifference(await digestOf(path), file);
  return difference ?? (file.database === null ? undefined : unlike(path, file.database));
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
