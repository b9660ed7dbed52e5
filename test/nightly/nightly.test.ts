import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";

/** Runs a copy of the runner over scripts that end with these codes. */
async function night(t: TestContext, codes: Readonly<Record<string, number>>) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-nightly-"));
  t.after(() => rm(folder, { recursive: true }));
  await copyFile(new URL("./nightly.ts", import.meta.url), join(folder, "nightly.ts"));
  for (const [name, code] of Object.entries(codes))
    await writeFile(join(folder, name), `process.exitCode = ${code};`);
  const child = spawn(process.execPath, [join(folder, "nightly.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, "exit") as Promise<[number]>]);
  return {
    code,
    ran: [...printed.matchAll(/^=== (\S+): (pass|FAIL)/gm)].map(([, name, how]) => `${name} ${how}`),
  };
}

test("each script is run in order, also after one that failed, and one failure fails the night", async (t) => {
  const codes = { "b.night.ts": 3, "a.night.ts": 0, "c.night.ts": 0, "other.ts": 1 };
  assert.deepEqual(await night(t, codes), {
    code: 1,
    ran: ["a.night.ts pass", "b.night.ts FAIL", "c.night.ts pass"],
  });
});

test("a night in which all pass is a good one, and one without scripts is none", async (t) => {
  assert.equal((await night(t, { "a.night.ts": 0 })).code, 0);
  assert.equal((await night(t, {})).code, 1);
});
