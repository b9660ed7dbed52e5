import { join, resolve } from "node:path";
import { Failure } from "../../kernel/failure.ts";
import { damagedBackup } from "../stored/backup-manifest.ts";
import { fileFailure } from "../stored/durable-file.ts";
import { placeFile, refuseOtherFile } from "../stored/placed-file.ts";
import { copyDifference, databaseManifest, tableFile, type DatabaseManifest } from "./backup-manifest.ts";
import { loadRows, type Load } from "./load.ts";
import { openSession, sessionFailure } from "./session.ts";
import { partsAt, tablesOf } from "./tables.ts";

/** What is restored from a folder that `backUpDatabase` made. */
export type DatabaseRestorePlan = Load & {
  /** Of an empty database. */
  readonly url: string;
  /** Files that may be in it beside the tables, by name, and where each belongs. */
  readonly files: Readonly<Record<string, string>>;
};

/** Told what it does to which file or table. */
export type DatabaseRestoreProgress = (doing: "verifying" | "loading", name: string) => void;

/**
 * Puts a backup into an empty database, in one transaction: every file is verified first, the schema is made as it was
 * when the backup was taken, filled, counted and brought forward. Until it commits, the database is empty; nodes that
 * start meanwhile wait for it.
 *
 * @throws Failure not_found, invalid or conflict when the backup is none, is damaged, of a newer version or of another
 * kind of database, or there is something in the database; unavailable when PostgreSQL cannot be used. Then the
 * database is as it was.
 */
export async function restoreDatabase(
  plan: DatabaseRestorePlan,
  progress: DatabaseRestoreProgress,
): Promise<DatabaseManifest> {
  try {
    const manifest = databaseManifest(plan.from);
    refuseUnfit(manifest, plan);
    for (const file of manifest.files) {
      progress("verifying", file.name);
      const difference = await copyDifference(join(plan.from, file.name), file);
      if (difference !== undefined) throw damagedBackup(file.name, difference);
    }
    for (const [copy, place] of otherFiles(manifest, plan)) refuseOtherFile(copy, place);
    await put(manifest, plan, progress);
    return manifest;
  } catch (error) {
    throw sessionFailure(fileFailure(error));
  }
}

function otherFiles(
  { files }: DatabaseManifest,
  { from, files: places }: DatabaseRestorePlan,
): readonly (readonly [copy: string, place: string])[] {
  return files.flatMap(({ name }) => {
    const place = places[name];
    return place === undefined ? [] : [[join(from, name), place] as const];
  });
}

async function put(
  manifest: DatabaseManifest,
  plan: DatabaseRestorePlan,
  progress: DatabaseRestoreProgress,
): Promise<void> {
  const session = await openSession({ url: plan.url, name: "sluice restore", statementMs: 0 });
  try {
    await session.query("begin");
    await loadRows(session, manifest, plan, (table) => progress("loading", table));
    // What is committed is of no use without them, and they do no harm without what is committed.
    for (const [copy, place] of otherFiles(manifest, plan)) placeFile(copy, place);
    await session.query("commit");
  } finally {
    await session.close();
  }
}

function refuseUnfit(
  { files, parts: versions, sluice }: DatabaseManifest,
  { parts, files: places, from }: DatabaseRestorePlan,
): void {
  const later = { hint: `Restore it with Sluice ${sluice} or later.` };
  const known = new Map(parts.map(({ name, migrations }) => [name, migrations.length]));
  for (const [name, version] of Object.entries(versions))
    if (version > (known.get(name) ?? 0))
      throw new Failure(
        "conflict",
        `The backup has the ${name} tables at version ${version}; this version of Sluice knows up to ${known.get(name) ?? 0}.`,
        later,
      );
  // Names are parts of paths and of SQL: only those that are expected are ever used.
  const tables = tablesOf(partsAt(parts, versions));
  const names = files.map(({ name }) => name);
  const odd =
    files.find(({ name, table }) =>
      table === null
        ? !Object.hasOwn(places, name)
        : !tables.includes(table.name) || name !== tableFile(table.name),
    ) ?? files.find(({ name }, i) => names.indexOf(name) !== i);
  const missing = tables.find((table) => !names.includes(tableFile(table)));
  if (odd === undefined && missing === undefined) return;
  throw new Failure(
    "invalid",
    missing === undefined
      ? "The backup names an unexpected file."
      : `The backup has no ${tableFile(missing)}.`,
    { hint: `${resolve(from)} is damaged, or of a newer version (${sluice}).` },
  );
}
