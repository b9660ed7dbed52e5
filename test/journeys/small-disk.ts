import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, statfsSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A file system of its own that other files can fill up. */
export type SmallDisk = {
  readonly folder: string;
  /** Another file takes all that is left. */
  fill(): void;
  /** That file is gone. */
  free(): void;
};

const piece = Buffer.alloc(64 * 1024, "x");

/** Mounts one in memory until the test ends, or answers why that cannot be done here. */
export function smallDisk(t: TestContext, megabytes: number): SmallDisk | string {
  if (process.getuid?.() !== 0) return "only root may mount a small disk";
  const folder = mkdtempSync(join(tmpdir(), "sluice-small-disk-"));
  const { error, status, stderr } = spawnSync(
    "mount",
    ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0711`, "tmpfs", folder],
    { encoding: "utf8" },
  );
  t.after(() => {
    // Its server may still be about to end.
    spawnSync("umount", ["--lazy", folder]);
    rmdirSync(folder);
  });
  if (error !== undefined || status !== 0)
    return `no small disk can be mounted here: ${error?.message ?? stderr.trim()}`;
  const filler = join(folder, "another-file");
  return {
    folder,
    fill() {
      const file = openSync(filler, "a");
      try {
        // A bound on what a full disk would end.
        for (let left = statfsSync(folder).blocks; left > 0; left--) writeSync(file, piece);
      } catch (problem) {
        if ((problem as NodeJS.ErrnoException).code !== "ENOSPC") throw problem;
      } finally {
        closeSync(file);
      }
    },
    free: () => rmSync(filler),
  };
}
