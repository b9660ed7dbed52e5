// Proves that every gate can fail: plants violations, one at a time, into copies of a small tree that all gates accept.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { suite, test } from "node:test";
import { z } from "zod";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import { tidyRules } from "../tidy.ts";
import { readSeeds, type Seed } from "./seeds.ts";

const gates = ["types", "lint", "rules", "dead", "duplication", "format", "tidy", "docs"] as const;
const copied = [
  "tsconfig.json",
  "tsconfig.build.json",
  "knip.json",
  ".dependency-cruiser.mjs",
  ".oxlintrc.json",
  ".oxfmtrc.json",
  ".gitignore",
  "test/tidy.ts",
  "test/tidy.test.ts",
  "test/docs.test.ts",
  "test/tracked-files.ts",
  "test/gates",
];

const Manifest = z.looseObject({
  scripts: z.record(z.string(), z.string()),
  dependencies: z.record(z.string(), z.string()),
});
const manifest = Manifest.parse(JSON.parse(readFileSync("package.json", "utf8")));
const seeds = new Map(gates.map((gate) => [gate, readSeeds(`test/gates/seeds/${gate}.txt`)]));
const [skeleton] = readSeeds("test/gates/seeds/skeleton.txt");
assert.ok(skeleton, "there is a tree to plant seeds into");

suite("gates", { concurrency: availableParallelism() }, () => {
  for (const gate of gates) {
    test(`${gate} accepts a clean tree`, async () => {
      const { passed, output } = await judge(gate, []);
      assert.ok(passed, output);
    });
    for (const seed of seeds.get(gate) ?? [])
      test(`${gate} reports: ${seed.name}`, async () => {
        const { passed, output } = await judge(gate, [seed]);
        assert.ok(!passed, `the gate accepted the seed:\n${output}`);
        assert.ok(
          output.includes(seed.expect),
          `the gate failed without saying "${seed.expect}":\n${output}`,
        );
      });
  }
});

test("every dependency rule, lint rule and house rule has a seed", async () => {
  const { ruleSet } = await extractOptions("./.dependency-cruiser.mjs");
  const linted = z.object({ rules: z.record(z.string(), z.unknown()) });
  const lint = Object.entries(linted.parse(JSON.parse(readFileSync(".oxlintrc.json", "utf8"))).rules);
  const wanted = {
    rules: (ruleSet?.forbidden ?? []).map((rule) => rule.name ?? "unnamed"),
    lint: lint.filter(([, level]) => level !== "off").map(([name]) => name.replace(/^.*\//, "")),
    tidy: tidyRules,
  };
  const bare = Object.entries(wanted).flatMap(([gate, names]) => {
    const planted = readSeeds(`test/gates/seeds/${gate}.txt`).map(({ name }) => name);
    return names
      .filter((name) => !planted.some((seed) => new RegExp(`^${name}(?![\\w-])`).test(seed)))
      .map((name) => `${gate}: ${name}`);
  });
  assert.deepEqual(bare, []);
});

/** Runs the gate as `npm run <gate>` would, in a fresh tree with the seeds planted. */
async function judge(gate: string, planted: readonly Seed[]): Promise<{ passed: boolean; output: string }> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-gate-"));
  try {
    for (const path of copied) cpSync(path, join(folder, path), { recursive: true });
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    const { zod = "" } = manifest.dependencies;
    writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, dependencies: { zod } }));
    for (const seed of [skeleton, ...planted]) plant(folder, seed);
    return await run(manifest.scripts[gate] ?? `echo no script ${gate}; false`, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function plant(folder: string, seed: Seed | undefined): void {
  for (const [path, text] of seed?.files ?? []) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if (text === null) rmSync(target);
    else writeFileSync(target, text);
  }
}

function run(command: string, folder: string): Promise<{ passed: boolean; output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const path = `${resolve("node_modules/.bin")}:${env["PATH"]}`;
  const child = spawn("sh", ["-c", command], { cwd: folder, env: { ...env, PATH: path, NO_COLOR: "1" } });
  let output = "";
  const collect = (chunk: Buffer) => (output += chunk.toString());
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return new Promise((answer, fail) => {
    child.on("error", fail);
    child.on("close", (code) => answer({ passed: code === 0, output }));
  });
}
