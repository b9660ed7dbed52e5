// Runs what takes too long for every change: each `*.night.ts` of this folder in order of name, one after the other.
// Run: npm run nightly [-- <part of a name>]. Exits with 1 when one of them fails.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";

const folder = new URL("./", import.meta.url);
const wanted = process.argv[2] ?? "";
const scripts = readdirSync(folder)
  .filter((name) => name.endsWith(".night.ts") && name.includes(wanted))
  .toSorted();

const failed: string[] = [];
for (const name of scripts) {
  const startedAt = performance.now();
  console.log(`\n=== ${name}`);
  const child = spawn(process.execPath, [new URL(name, folder).pathname], { stdio: "inherit" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) failed.push(name);
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  console.log(`=== ${name}: ${code === 0 ? "pass" : "FAIL"} in ${minutes} min`);
}

console.log(
  `\n${scripts.length} scripts, ${failed.length} failed${failed.map((name) => ` ${name}`).join("")}`,
);
if (failed.length > 0 || scripts.length === 0) process.exitCode = 1;
