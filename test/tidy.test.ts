import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { trackedFiles } from "./tracked-files.ts";
import { lockGaps, unstartedWorkers, untidyCode, untidyText } from "./tidy.ts";

const files = new Map(trackedFiles().map((path) => [path, readFileSync(path, "utf8")]));
const code = new Map([...files].filter(([path]) => /^(capture|src|test|bench|demo)\/.*\.ts$/.test(path)));

test("the code follows the house rules", () => {
  assert.ok(code.size > 0, "there is code to look at");
  assert.deepEqual(
    [...code].flatMap(([path, text]) => untidyCode(path, text)),
    [],
  );
});

test("no file names a machine, a package registry or a banned synonym", () => {
  assert.deepEqual(
    [...files].flatMap(([path, text]) => untidyText(path, text)),
    [],
  );
});

test("every worker is started by some file", () => {
  assert.deepEqual(unstartedWorkers(new Map([...code].filter(([path]) => path.startsWith("src/")))), []);
});

test("package-lock.json is complete, so that npm ci works on every platform", () => {
  assert.deepEqual(lockGaps(files.get("package-lock.json") ?? ""), []);
});

test("a function that adds an argument is no pass-through", () => {
  assert.deepEqual(untidyCode("src/a.ts", "export function a(x: number) {\n  return b(x, 1);\n}\n"), []);
});

test("a function that calls a method of what it computed is no pass-through", () => {
  assert.deepEqual(untidyCode("src/a.ts", "function a(x: number) {\n  return b({ x }).pad(x);\n}\n"), []);
});

test("a comment that says why is no echo", () => {
  assert.deepEqual(untidyCode("src/a.ts", "// The peer counts from one.\nexport const first = 1;\n"), []);
});

test("a skipped test with a reason may stay", () => {
  assert.deepEqual(untidyCode("test/a.test.ts", 'test("a", { skip: "needs strace" }, run);\n'), []);
});

test("domain names and the word tenant-bound are no synonyms of workspace", () => {
  assert.deepEqual(untidyText("docs/a.md", "Rows are tenant-bound, see example.org and org.example.\n"), []);
});
