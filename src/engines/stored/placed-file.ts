import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { Failure } from "../../kernel/failure.ts";
import { copyNewFile, syncPath } from "./durable-file.ts";

/** @throws Failure conflict when there is another file at `to`; the same one, or none, is fine */
export function refuseOtherFile(from: string, to: string): void {
  if (!existsSync(to) || readFileSync(from).equals(readFileSync(to))) return;
  throw new Failure("conflict", `There is another file ${to} than the backup has.`, {
    hint: "Move it away, or name another folder with SLUICE_DATA_DIR. Nothing is ever restored over data.",
  });
}

/** Copies a file to where it belongs, whole or not at all, and makes its folder; when it is there already, nothing is done. */
export function placeFile(from: string, to: string): void {
  refuseOtherFile(from, to);
  if (existsSync(to)) return;
  const folder = dirname(to);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${to}.draft`;
  copyNewFile(from, draft);
  renameSync(draft, to);
  syncPath(folder);
}
