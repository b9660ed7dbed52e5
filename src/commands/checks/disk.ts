import { sizeText } from "../contents.ts";
import { ok, problem, warning, type Check } from "../check.ts";

const lowBytes = 2 * 1024 ** 3;
const lowShare = 0.1;
const fullBytes = 256 * 1024 ** 2;
const todo = "Free space or grow the disk: while nothing can be written, webhooks are answered 503.";

export const disk: Check = {
  name: "disk",
  look({ facts }) {
    if (facts === undefined) return [];
    const { freeBytes, totalBytes } = facts;
    const share = freeBytes / Math.max(totalBytes, 1);
    const saw = `${sizeText(freeBytes)} free, ${Math.floor(100 * share)} % of the disk.`;
    if (freeBytes < fullBytes) return [problem(saw, todo)];
    return [freeBytes < lowBytes || share < lowShare ? warning(saw, todo) : ok(saw)];
  },
};
