import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { Failure } from "../../kernel/failure.ts";
import { manifestFile } from "./backup-manifest.ts";
import { fileFailure, syncPath, writeNewFile } from "./durable-file.ts";

/** The path of a file that is about to be made in the folder: it is removed when the backup fails. */
export type Place = (name: string) => string;

/**
 * Makes the folder of a backup, for its owner only, lets `fill` put files into it, and writes the manifest that it
 * answers last. What was made is removed when it fails.
 *
 * @throws Failure conflict when the folder is not empty; what `fill` throws; unavailable or invalid when a file cannot
 * be written
 */
export async function fillBackupFolder<M extends object>(
  to: string,
  fill: (place: Place) => Promise<M>,
): Promise<M> {
  const folder = resolve(to);
  const isNew = !existsSync(folder);
  const made: string[] = [];
  const place: Place = (name) => {
    const path = join(folder, name);
    made.push(path);
    return path;
  };
  try {
    refuseFilled(folder);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const manifest = await fill(place);
    writeNewFile(place(manifestFile), `${JSON.stringify(manifest, null, 2)}\n`);
    syncPath(folder);
    return manifest;
  } catch (error) {
    for (const path of made) rmSync(path, { force: true });
    if (isNew) rmSync(folder, { recursive: true, force: true });
    throw fileFailure(error);
  }
}

function refuseFilled(folder: string): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new Failure("conflict", `The folder ${folder} is not empty.`, { hint: "Name a new folder." });
}
