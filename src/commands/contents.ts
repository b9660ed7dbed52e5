import type { Copied } from "./storage.ts";
import { keyFile } from "./stored-files.ts";

/** What is in a backup, in one line. */
export function contents({ rows, manifest }: Copied): string {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const of = (table: string): number => rows[table] ?? 0;
  return `${of("record")} configuration records, ${of("exchange")} exchanges, ${of("job")} open jobs; ${sizeText(bytes)}`;
}

/** Whether it can open the secrets in it. */
export function hasKeys({ manifest }: Copied): boolean {
  return manifest.files.some(({ name }) => name === keyFile);
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
