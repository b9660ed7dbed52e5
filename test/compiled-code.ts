import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * For the runner of all tests (--test-global-setup), whose environment its processes are started with: hundreds of them run
 * the same code, and each but the first finds it compiled.
 */
export function globalSetup(): void {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-code-"));
  process.env["NODE_COMPILE_CACHE"] = folder;
  // Also when the runner is interrupted.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}
