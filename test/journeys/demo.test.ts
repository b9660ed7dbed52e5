import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { claims } from "../../demo/claims.ts";

const root = join(import.meta.dirname, "../..");

/**
 * The demo in a process of its own, whose temporary files go to a folder that is looked into afterwards. It is told to
 * end once it has said `endAt`.
 */
async function runDemo(options: readonly string[], endAt?: string) {
  const folder = await mkdtemp(join(tmpdir(), "sluice-demo-test-"));
  try {
    const child = spawn(process.execPath, ["demo/demo.ts", ...options], {
      cwd: root,
      // Node's test runner asks for colours when it has a terminal itself.
      env: { ...process.env, FORCE_COLOR: undefined, TMPDIR: folder, TEMP: folder, TMP: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let signalled = false;
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      out += piece;
      if (signalled || endAt === undefined || !out.includes(endAt)) return;
      signalled = true;
      child.kill("SIGTERM");
    });
    const [err] = await Promise.all([text(child.stderr), once(child, "close")]);
    return { out, err, exitCode: child.exitCode, left: await readdir(folder) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judged(...made: readonly (readonly [seen: unknown, expected: unknown])[]) {
  const lines: string[] = [];
  const { claim, verdict } = claims({
    holds: (claimed) => lines.push(`true: ${claimed}`),
    fails: (claimed, expected, seen) => lines.push(`false: ${claimed}, ${String(expected)}, ${String(seen)}`),
  });
  for (const [seen, expected] of made) claim("it is so", seen, expected);
  return { ...verdict(), lines };
}

for (const story of ["webhooks", "traffic"])
  test(`the demo tells its whole story of ${story}, all of it true, and leaves nothing behind`, async () => {
    const { out, err, exitCode, left } = await runDemo([story]);
    assert.equal(exitCode, 0, out + err);
    assert.match(out, /^[1-9]\d claims, all true, in [\d.]+ s$/m);
    assert.doesNotMatch(out, /✗/);
    assert.ok(!out.includes("\u001b"), "what is no terminal gets no colours");
    assert.equal(err, "");
    assert.deepEqual(left, []);
  });

test("a demo that is interrupted ends Sluice and leaves nothing behind", async () => {
  const { out, exitCode, left } = await runDemo([], "An MCP client connects");
  assert.equal(exitCode, 130);
  assert.doesNotMatch(out, /claims/);
  assert.deepEqual(left, []);
});

test("a demo that is kept says where everything is, and still ends with the verdict", async () => {
  const { out, exitCode, left } = await runDemo(["--keep"], "Ctrl-C ends both");
  assert.equal(exitCode, 0, out);
  assert.match(
    out,
    /claude mcp add --transport http sluice http:\/\/127\.0\.0\.1:\d+\/api\/mcp --header "Authorization: Bearer mk_\w+"/,
  );
  assert.match(out, /claims, all true/);
  assert.deepEqual(left, []);
});

test("a demo with an option that there is not says how it is used", async () => {
  const { err, exitCode } = await runDemo(["--kep"]);
  assert.equal(exitCode, 2);
  assert.match(err, /usage: npm run demo/);
});

test("claims that are all true end with exit code 0", () => {
  const { text: said, exitCode, lines } = judged([true, true], [Buffer.from("a"), Buffer.from("a")]);
  assert.deepEqual([said, exitCode], ["2 claims, all true", 0]);
  assert.deepEqual(lines, ["true: it is so", "true: it is so"]);
});

test("one false claim among true ones ends with exit code 1, and says what was expected and what was seen", () => {
  const { text: said, exitCode, lines } = judged([1, 1], [401, 200], [1, 1]);
  assert.deepEqual([said, exitCode], ["3 claims, 1 false", 1]);
  assert.deepEqual(lines, ["true: it is so", "false: it is so, 200, 401", "true: it is so"]);
});

test("what only looks alike is not the same: 1 and true, the texts and the bytes", () => {
  assert.equal(judged([1, true]).exitCode, 1);
  assert.equal(judged(["a", Buffer.from("a")]).exitCode, 1);
  assert.equal(judged([Buffer.from("a"), Buffer.from("b")]).exitCode, 1);
  assert.equal(judged([undefined, true]).exitCode, 1);
});

test("a demo that claims nothing proves nothing", () => {
  assert.deepEqual(judged(), { text: "no claim was made", exitCode: 1, lines: [] });
});
