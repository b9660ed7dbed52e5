import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "../../kernel/failure.ts";
import { fillBackupFolder, type Place } from "../stored/backup-folder.ts";
import { digestOf } from "../stored/backup-manifest.ts";
import { copyNewFile, syncPath, writeNewFile } from "../stored/durable-file.ts";
import { unlike, type BackupFile, type BackupManifest } from "./backup-manifest.ts";
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
  refuseAbsent(plan);
  return fillBackupFolder(plan.to, async (place) => ({
    format: 1,
    from: "embedded",
    ...stamp,
    files: await copyAll(plan, place, progress),
  }));
}

async function copyAll(
  { folder, databases, others }: BackupPlan,
  place: Place,
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
    for (const { name, snapshot } of moments)
      files.push(await copyDatabase(snapshot, name, { place, progress }));
    for (const name of others) {
      const to = place(name);
      copyNewFile(join(folder, name), to);
      files.push({ name, ...(await digestOf(to)), database: null });
    }
    return files;
  } finally {
    for (const snapshot of open) snapshot.close();
  }
}

async function copyDatabase(
  snapshot: Snapshot,
  name: string,
  { place, progress }: { readonly place: Place; readonly progress: BackupProgress },
): Promise<BackupFile> {
  const path = place(name);
  // What SQLite may leave beside a copy that fails.
  for (const ending of ["-journal", "-wal", "-shm"]) place(`${name}${ending}`);
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
