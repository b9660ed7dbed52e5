import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock } from "../../kernel/clock.ts";
import { Failure } from "../../kernel/failure.ts";
import { damagedBackup } from "../stored/backup-manifest.ts";
import { copyNewFile, fileFailure, syncPath } from "../stored/durable-file.ts";
import { differenceOf, folderManifest, type BackupManifest } from "./backup-manifest.ts";
import { folderHolder, openDataFolder, restoringFolder } from "./data-folder.ts";

export type RestorePlan = {
  /** What `makeBackup` made. */
  readonly from: string;
  /** The data folder: absent or empty. */
  readonly folder: string;
  /** Every database there must be, with the newest schema that this program knows. */
  readonly databases: Readonly<Record<string, number>>;
  /** Other files that may be in it. */
  readonly others: readonly string[];
};

/**
 * Puts a backup in the place of a data folder. The files are copied into a folder inside of it, verified there, and
 * only then moved, while this process holds the data folder's lock; a restore that is cut short leaves a folder that
 * no server takes. Inside, not beside: the data folder may be a mount, or its parent not ours to write.
 *
 * @throws Failure not_found, invalid or conflict when the backup is none, is damaged or of a newer version, or the
 * data folder is not empty or in use; then it is as it was
 */
export async function restoreBackup(plan: RestorePlan, clock: Clock): Promise<BackupManifest> {
  const { from } = plan;
  const folder = resolve(plan.folder);
  const manifest = folderManifest(from);
  refuseUnfit(manifest, plan);
  refuseFilled(folder);
  const isNew = !existsSync(folder);
  const lock = openDataFolder(folder, clock);
  const staging = join(folder, restoringFolder);
  const clear = () => rmSync(staging, { recursive: true, force: true });
  try {
    mkdirSync(staging, { mode: 0o700 });
    await stage(manifest, from, staging);
    syncPath(folder);
  } catch (error) {
    clear();
    lock.close();
    rmSync(join(folder, "lock.db"), { force: true });
    if (isNew) rmSync(folder, { recursive: true });
    throw fileFailure(error);
  }
  try {
    for (const { name } of manifest.files) renameSync(join(staging, name), join(folder, name));
    syncPath(folder);
    clear();
    syncPath(folder);
  } finally {
    lock.close();
  }
  return manifest;
}

async function stage({ files }: BackupManifest, from: string, staging: string): Promise<void> {
  for (const file of files) {
    const copy = join(staging, file.name);
    copyNewFile(join(from, file.name), copy);
    const difference = await differenceOf(copy, file);
    if (difference !== undefined) throw damagedBackup(file.name, difference);
  }
  syncPath(staging);
}

function refuseUnfit({ files, sluice }: BackupManifest, { databases, others, from }: RestorePlan): void {
  const names = files.map(({ name }) => name);
  const known = [...Object.keys(databases), ...others];
  // A name is part of a path: only those that were asked for are ever opened.
  const odd =
    names.find((name) => !known.includes(name)) ?? names.find((name, i) => names.indexOf(name) !== i);
  const missing = Object.keys(databases).find((name) => !names.includes(name));
  if (odd !== undefined || missing !== undefined)
    throw new Failure(
      "invalid",
      odd === undefined ? `The backup has no ${missing}.` : `The backup names an unexpected file.`,
      { hint: `${resolve(from)} is damaged, or of a newer version (${sluice}).` },
    );
  const newer = files.find(({ name, database }) => (database?.schema ?? 0) > (databases[name] ?? 0));
  if (newer !== undefined)
    throw new Failure(
      "conflict",
      `${newer.name} has schema ${newer.database?.schema}; this version of Sluice knows up to ${databases[newer.name]}.`,
      { hint: `Restore it with Sluice ${sluice} or later.` },
    );
}

function refuseFilled(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  const holder = folderHolder(folder);
  if (holder !== undefined)
    throw new Failure("conflict", `The data folder ${folder} is in use by ${holder.who}.`, {
      hint: "Restore into another folder with SLUICE_DATA_DIR; it is never done under a running server.",
    });
  throw new Failure("conflict", `The data folder ${folder} is not empty.`, {
    hint: "Move it away, or name another with SLUICE_DATA_DIR. Nothing is ever restored over data.",
  });
}
