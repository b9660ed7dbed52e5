// What .ci/run makes of a step that fails, with an npm that installs and runs nothing.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";

const installed = ["test/clients/large", "test/clients/capture", "sdk/test/large", "test/postgres-14"];
const programs = ["strace", "mount", "chromium", "fish", "zsh", "curl", "openssl"];

/** Runs .ci/run where `npm ci` fails in that folder alone, and `npm test` prints this and fails if it is given. */
async function ciRun(
  t: TestContext,
  failing: string,
  report = "",
): Promise<{ code: number; printed: string }> {
  const root = await mkdtemp(join(tmpdir(), "sluice-ci-"));
  t.after(() => rm(root, { recursive: true }));
  const tools = join(root, "tools");
  for (const folder of [".ci", "tools", ...installed]) await mkdir(join(root, folder), { recursive: true });
  await cp(".ci/run", join(root, ".ci/run"));
  const npm = `#!/bin/sh\nif [ "$1" = ci ] && [ "$PWD" = "${join(root, failing)}" ]; then exit 1; fi
if [ "$1" = test ] && [ -s "${join(root, "report")}" ]; then cat "${join(root, "report")}"; exit 1; fi\n`;
  await writeFile(join(root, "report"), report);
  for (const tool of ["npm", ...programs])
    await writeFile(join(tools, tool), tool === "npm" ? npm : "#!/bin/sh\n", { mode: 0o755 });
  const child = spawn(join(root, ".ci/run"), {
    env: { ...process.env, PATH: `${tools}${delimiter}${process.env["PATH"]}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, "exit") as Promise<[number]>]);
  return { code, printed };
}

test("a run passes when every step does", async (t) => {
  const { code, printed } = await ciRun(t, "nowhere");
  assert.equal(code, 0, printed);
  assert.match(printed, /all 12 checks passed/);
});

test("a run ends with the tests that failed and why", async (t) => {
  const report = `✔ a test\nℹ skipped 0\n\n✖ failing tests:\n\ntest at a.test.ts:1:1\n✖ two and two (3 ms)\n  AssertionError: 5 !== 4\n      at a.test.ts:2:3\n`;
  const { code, printed } = await ciRun(t, "nowhere", report);
  assert.equal(code, 1, printed);
  const [, end = ""] = printed.split("=== package-test: pass");
  assert.match(end, /^✖ two and two \(3 ms\)\n {2}AssertionError: 5 !== 4\n[^]*=== summary/m);
  assert.match(end, /^FAIL {2}install, test/m);
});

for (const folder of installed)
  test(`a run fails when the packages of ${folder} cannot be installed`, async (t) => {
    const { code, printed } = await ciRun(t, folder);
    assert.equal(code, 1, printed);
    assert.match(printed, /^FAIL {2}large packages/m);
    assert.ok(printed.includes(`The packages of ${folder} could not be installed.`));
    assert.match(printed, /1 of 12 checks failed/);
  });
