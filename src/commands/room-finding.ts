import type { DiskRoom } from "../engines/stored/disk-room.ts";
import { ok, problem, warning, type Finding } from "./check.ts";
import { sizeText } from "./contents.ts";

const lowBytes = 2 * 1024 ** 3;
const lowShare = 0.1;
const fullBytes = 256 * 1024 ** 2;

/** Whether there is room enough on a disk for now, and what to do when there is not. */
export function roomFinding({ freeBytes, totalBytes }: DiskRoom, todo: string): Finding {
  const share = freeBytes / Math.max(totalBytes, 1);
  const saw = `${sizeText(freeBytes)} free, ${Math.floor(100 * share)} % of the disk.`;
  if (freeBytes < fullBytes) return problem(saw, todo);
  return freeBytes < lowBytes || share < lowShare ? warning(saw, todo) : ok(saw);
}
