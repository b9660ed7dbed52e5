import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "../../kernel/failure.ts";
import { manifestFile, digestOf, unlike, type BackupFile, type BackupManifest } from "./backup-manifest.ts";
import { copyNewFile, fileFailure, syncPath, writeNewFile } from "./durable-file.ts";
import { openSnapshot, type Snapshot } from "./snapshot.ts";

/** What belongs in a backup of a data folder. */
export type BackupPlan = {
  /** The data folder, which a server may be writing to. */
  readonly folder: string;
  /** A folder that is absent or empty. */
  readonly to: string;
  /** Names of database files, in the order in which their moments are taken. */
  readonly databases: readonly string[];
  /** Names of other files, copied after the databases' moments were taken. */
  readonly others: readonly string[];
};

/** Told how far it is with a file: pages of 8 KiB. */
export type BackupProgress = (name: string, copied: number, total: number) => void;

/**
 * Copies the files and verifies the copies: SQLite's own check, schema and row counts against the original at the
 * same moment. All moments are taken in order before anything is copied, some milliseconds apart. The copies and the
 * folder are for their owner only. What was made is removed when it fails.
 *
 * @throws Failure not_found when there is nothing to back up; conflict when `to` is not empty; unavailable when a file
 * cannot be read or written, or a copy differs
 */
export async function makeBackup(
  plan: BackupPlan,
  stamp: Pick<BackupManifest, "sluice" | "at">,
  progress: BackupProgress,
): Promise<BackupManifest> {
  const to = resolve(plan.to);
  refuseAbsent(plan);
  const isNew = !existsSync(to);
  const made: string[] = [];
  try {
    refuseFilled(to);
    mkdirSync(to, { recursive: true, mode: 0o700 });
    const files = await copyAll({ ...plan, to }, made, progress);
    const manifest: BackupManifest = { format: 1, ...stamp, files };
    made.push(manifestFile);
    writeNewFile(join(to, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
    syncPath(to);
    return manifest;
  } catch (error) {
    for (const name of made)
      for (const ending of ["", "-journal", "-wal", "-shm"])
        rmSync(join(to, `${name}${ending}`), { force: true });
    if (isNew) rmSync(to, { recursive: true, force: true });
    throw fileFailure(error);
  }
}

async function copyAll(
  { folder, to, databases, others }: BackupPlan,
  made: string[],
  progress: BackupProgress,
): Promise<BackupFile[]> {
  const open: Snapshot[] = [];
  try {
    const moments = databases.map((name) => {
      const snapshot = openSnapshot(join(folder, name));
      open.push(snapshot);
      return { name, snapshot };
    });
    const files: BackupFile[] = [];
    for (const { name, snapshot } of moments) {
      made.push(name);
      files.push(await copyDatabase(snapshot, name, { to, progress }));
    }
    for (const name of others) {
      made.push(name);
      copyNewFile(join(folder, name), join(to, name));
      files.push({ name, ...(await digestOf(join(to, name))), database: null });
    }
    return files;
  } finally {
    for (const snapshot of open) snapshot.close();
  }
}

async function copyDatabase(
  snapshot: Snapshot,
  name: string,
  { to, progress }: { readonly to: string; readonly progress: BackupProgress },
): Promise<BackupFile> {
  const path = join(to, name);
  // SQLite would make the file readable for others.
  writeNewFile(path, "");
  await snapshot.copyTo(path, (copied, total) => progress(name, copied, total));
  syncPath(path);
  const database = { schema: snapshot.schema, rows: snapshot.rows() };
  const difference = unlike(path, database);
  if (difference !== undefined)
    throw new Failure("unavailable", `The copy of ${name} is not what was copied: it ${difference}.`, {
      hint: "Run `sluice doctor --deep`: the disk or the original may be damaged.",
    });
  return { name, ...(await digestOf(path)), database };
}

function refuseAbsent({ folder, databases, others }: BackupPlan): void {
  const absent = [...databases, ...others].find((name) => !existsSync(join(folder, name)));
  if (absent === undefined) return;
  throw new Failure("not_found", `There is no ${absent} in the data folder ${resolve(folder)}.`, {
    hint: "Set SLUICE_DATA_DIR to the folder of the server.",
  });
}

function refuseFilled(to: string): void {
  if (!existsSync(to) || readdirSync(to).length === 0) return;
  throw new Failure("conflict", `The folder ${to} is not empty.`, { hint: "Name a new folder." });
}
