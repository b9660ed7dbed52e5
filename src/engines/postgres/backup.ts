import { createWriteStream, existsSync, renameSync } from "node:fs";
import { basename } from "node:path";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress } from "node:zlib";
import pg from "pg";
import { Failure } from "../../kernel/failure.ts";
import { fillBackupFolder, type Place } from "../stored/backup-folder.ts";
import { digesting, digestOf } from "../stored/backup-manifest.ts";
import { copyNewFile, syncPath } from "../stored/durable-file.ts";
import { numberOf } from "../stored/row.ts";
import {
  copyDifference,
  counting,
  tableFile,
  type CopiedFile,
  type DatabaseManifest,
} from "./backup-manifest.ts";
import { columnNames } from "./catalogue.ts";
import { takeMoment } from "./moment.ts";
import type { Part } from "./schema.ts";
import { openSession, sessionFailure, type Session } from "./session.ts";

/** What belongs in a backup of a PostgreSQL database. */
export type DatabaseBackupPlan = {
  readonly url: string;
  /** A folder that is absent or empty. */
  readonly to: string;
  /** The parts whose tables are copied, each with every migration that this program knows. */
  readonly parts: readonly Part[];
  /** Parts that may be there and are not copied: who works on this database is nobody's business elsewhere. */
  readonly others: readonly Part[];
  /** Paths of files that belong to it, copied after the moment was taken. */
  readonly files: readonly string[];
};

/** Told how far it is with a table: bytes before compression. */
export type DatabaseBackupProgress = (table: string, bytes: number) => void;

/**
 * Copies every table as it is at one moment, whatever is written meanwhile, and verifies the copies by reading them
 * back: hash, and each row counted. Tables are streamed, so memory is bounded. A migration, and the removal of a day
 * partition, wait until it is over; nobody waits for them meanwhile. What was made is removed when it fails.
 *
 * @throws Failure not_found when there is nothing to back up; conflict when `to` is not empty, or a newer program made
 * the tables; unavailable when PostgreSQL cannot be used, a file cannot be written, or a copy differs
 */
export async function backUpDatabase(
  plan: DatabaseBackupPlan,
  sluice: string,
  progress: DatabaseBackupProgress,
): Promise<DatabaseManifest> {
  const absent = plan.files.find((path) => !existsSync(path));
  if (absent !== undefined)
    throw new Failure("not_found", `There is no file ${absent}.`, {
      hint: "Set SLUICE_DATA_DIR to the folder of a server, or leave the file out with --without-keys.",
    });
  const session = await openSession({ url: plan.url, name: "sluice backup", statementMs: 0 });
  try {
    return await fillBackupFolder(plan.to, async (place) => {
      const { tables, ...moment } = await takeMoment(session, plan.parts, plan.others);
      const files: CopiedFile[] = [];
      for (const table of tables) files.push(await copyTable(session, table, { place, progress }));
      await session.query("commit");
      for (const path of plan.files) files.push(await copyFile(path, place));
      return { format: 1, from: "postgres", sluice, ...moment, files };
    });
  } catch (error) {
    throw sessionFailure(error);
  } finally {
    await session.close();
  }
}

/** A file has its name once it is on the disk and was found to be what was copied. */
async function copyTable(
  session: Session,
  table: string,
  { place, progress }: { readonly place: Place; readonly progress: DatabaseBackupProgress },
): Promise<CopiedFile> {
  const columns = await columnNames(session, table);
  const name = tableFile(table);
  const draft = place(`${name}.partial`);
  const [count, digest] = [counting((bytes) => progress(table, bytes)), digesting()];
  await pipeline(
    session.copyOut(
      `select ${columns.map((column) => pg.escapeIdentifier(column)).join(", ")} from ${table}`,
    ),
    count.tap,
    createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
    digest.tap,
    createWriteStream(draft, { flags: "wx", mode: 0o600 }),
  );
  syncPath(draft);
  const file = { name, ...digest.result(), table: { name: table, columns: [...columns], ...count.result() } };
  const [row = {}] = await session.query(`select count(*) as rows from ${table}`);
  const difference =
    numberOf(row, "rows") === file.table.rows
      ? await copyDifference(draft, file)
      : `has ${file.table.rows} rows instead of ${numberOf(row, "rows")}`;
  if (difference !== undefined)
    throw new Failure("unavailable", `The copy of ${table} is not what was copied: it ${difference}.`, {
      hint: "The disk may be damaged: run it again into another folder.",
    });
  renameSync(draft, place(name));
  return file;
}

async function copyFile(path: string, place: Place): Promise<CopiedFile> {
  const name = basename(path);
  const to = place(name);
  copyNewFile(path, to);
  return { name, ...(await digestOf(to)), table: null };
}
