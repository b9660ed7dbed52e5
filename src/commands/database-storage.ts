import { join } from "node:path";
import { dataParts, localParts, positions, releases } from "../engines/parts.ts";
import type { DatabaseManifest } from "../engines/postgres/backup-manifest.ts";
import { backUpDatabase } from "../engines/postgres/backup.ts";
import { restoreDatabase } from "../engines/postgres/restore.ts";
import { placeOf } from "../engines/postgres/session.ts";
import type { Secret } from "../kernel/secret.ts";
import type { Surroundings } from "./command.ts";
import { sizeText } from "./contents.ts";
import type { Copied, Storage } from "./storage.ts";
import { keyFile } from "./stored-files.ts";

/** Everything in a PostgreSQL database but the key file, which each node has in its data folder. */
export function databaseStorage(database: Secret, { folder, version, progress }: Surroundings): Storage {
  const url = database.reveal();
  const keys = join(folder, keyFile);
  const parts = { parts: dataParts, others: localParts };
  const copied = (manifest: DatabaseManifest): Copied => ({
    manifest,
    place: placeOf(url),
    rows: Object.fromEntries(
      manifest.files.flatMap(({ table }) => (table === null ? [] : [[table.name, table.rows]])),
    ),
  });
  return {
    async backUp(to, withKeys) {
      const plan = { url, to, ...parts, files: withKeys ? [keys] : [] };
      return copied(
        await backUpDatabase(plan, version, (table, bytes) => progress(`${table}: ${sizeText(bytes)}`)),
      );
    },
    async restore(from) {
      const plan = { from, url, ...parts, positions, releases, files: { [keyFile]: keys } };
      return copied(await restoreDatabase(plan, (doing, name) => progress(`${doing} ${name}`)));
    },
  };
}
