import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { diskRoom, type DiskRoom } from "../stored/disk-room.ts";
import { fileFailure } from "../stored/durable-file.ts";

export type FileFacts = { readonly name: string; readonly bytes: number; readonly mode: number };

/** What the file system tells of a folder and the files in it, without opening one. */
export type FolderFacts = DiskRoom & {
  /** Permission bits, such as 0o700. */
  readonly mode: number;
  readonly files: readonly FileFacts[];
};

const filesMax = 1_000;

/**
 * Undefined when there is no such folder. Names of files only, at most 1,000.
 *
 * @throws Failure when it may not be read
 */
export function folderFacts(path: string): FolderFacts | undefined {
  try {
    const folder = statSync(path, { throwIfNoEntry: false });
    if (folder === undefined || !folder.isDirectory()) return undefined;
    return {
      mode: folder.mode & 0o777,
      files: readdirSync(path)
        .slice(0, filesMax)
        .flatMap((name) => fileFacts(path, name)),
      ...diskRoom(path),
    };
  } catch (error) {
    throw fileFailure(error);
  }
}

/** None when it was removed meanwhile, as write-ahead logs are. */
function fileFacts(folder: string, name: string): readonly FileFacts[] {
  const facts = statSync(join(folder, name), { throwIfNoEntry: false });
  return facts === undefined || !facts.isFile()
    ? []
    : [{ name, bytes: facts.size, mode: facts.mode & 0o777 }];
}
