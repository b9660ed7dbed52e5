import { join } from "node:path";
import { ok, problem, type Check } from "../check.ts";
import { keyFile } from "../stored-files.ts";

const forOthers = 0o077;

export const permissions: Check = {
  name: "permissions",
  look({ folder, facts }) {
    // Windows shows every file as readable by all.
    if (facts === undefined || process.platform === "win32") return [];
    const keys = facts.files.find(({ name }) => name === keyFile);
    const open = [
      { path: folder, mode: facts.mode, right: "700" },
      ...(keys === undefined ? [] : [{ path: join(folder, keyFile), mode: keys.mode, right: "600" }]),
    ].filter(({ mode }) => (mode & forOthers) !== 0);
    if (open.length === 0) return [ok("Folder and key file are for their owner only.")];
    return open.map(({ path, mode, right }) =>
      problem(
        `${path} may be used by others than its owner (mode ${mode.toString(8).padStart(4, "0")}).`,
        `Run: chmod ${right} ${path}`,
      ),
    );
  },
};
