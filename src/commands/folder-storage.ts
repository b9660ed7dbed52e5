import { resolve } from "node:path";
import type { BackupManifest } from "../engines/sqlite/backup-manifest.ts";
import { makeBackup } from "../engines/sqlite/backup.ts";
import { restoreBackup } from "../engines/sqlite/restore.ts";
import type { Surroundings } from "./command.ts";
import type { Copied, Storage } from "./storage.ts";
import { databaseSchemas, keyFile } from "./stored-files.ts";

/** Everything in files of the data folder. */
export function folderStorage({ folder, version, clock, progress }: Surroundings): Storage {
  const copied = (manifest: BackupManifest): Copied => ({
    manifest,
    place: resolve(folder),
    rows: Object.fromEntries(manifest.files.flatMap(({ database }) => Object.entries(database?.rows ?? {}))),
  });
  return {
    async backUp(to, withKeys) {
      const plan = { folder, to, databases: Object.keys(databaseSchemas), others: withKeys ? [keyFile] : [] };
      const stamp = { sluice: version, at: new Date(clock.now()).toISOString() };
      return copied(
        await makeBackup(plan, stamp, (name, done, total) =>
          progress(`${name}: ${Math.floor((100 * done) / Math.max(total, 1))} %`),
        ),
      );
    },
    async restore(from) {
      return copied(
        await restoreBackup({ from, folder, databases: databaseSchemas, others: [keyFile] }, clock),
      );
    },
  };
}
