import { statfsSync } from "node:fs";

/** Of a disk, for this user. */
export type DiskRoom = { readonly freeBytes: number; readonly totalBytes: number };

/** Of the disk that a folder is on. @throws the system's error when there is no such folder, or it may not be reached */
export function diskRoom(path: string): DiskRoom {
  const { bavail, blocks, bsize } = statfsSync(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
