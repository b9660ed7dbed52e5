import type { BackupManifest } from "../engines/sqlite/backup-manifest.ts";

/** What is in a backup, in one line. */
export function contents({ files }: BackupManifest): string {
  const rows = (table: string): number =>
    files.reduce((sum, { database }) => sum + (database?.rows[table] ?? 0), 0);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return `${rows("record")} configuration records, ${rows("exchange")} exchanges, ${rows("job")} open jobs; ${sizeText(bytes)}`;
}

/** Such as `412.0 KiB`. */
export function sizeText(bytes: number): string {
  const unit = sizeUnits.find(({ from }) => bytes >= from) ?? { from: 1, name: "bytes" };
  return unit.from === 1 ? `${bytes} bytes` : `${(bytes / unit.from).toFixed(1)} ${unit.name}`;
}

const sizeUnits = [
  { from: 1024 ** 3, name: "GiB" },
  { from: 1024 ** 2, name: "MiB" },
  { from: 1024, name: "KiB" },
];
