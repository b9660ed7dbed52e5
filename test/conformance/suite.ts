import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parse } from "yaml";
import { z } from "zod";

const suite = new URL("../../node_modules/@modelcontextprotocol/conformance/", import.meta.url);

const Check = z.object({
  id: z.string(),
  status: z.enum(["SUCCESS", "FAILURE", "WARNING", "SKIPPED", "INFO"]),
  errorMessage: z.string().optional(),
});
const Checks = z.array(Check);

/** What the suite found in each scenario that it ran. */
export type Findings = ReadonlyMap<string, z.output<typeof Checks>>;

/** The scenarios that a revision requires of a server, in the order they are run. */
export async function required(revision: string): Promise<readonly string[]> {
  const file = await readFile(new URL(`requirements/${revision}.yaml`, suite), "utf8");
  return z.object({ server: z.array(z.string()) }).parse(parse(file)).server;
}

/** Runs the command line of the suite, as installed, and reads the files that it wrote. */
export async function run(url: URL, ...choice: readonly string[]): Promise<Findings> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-conformance-"));
  try {
    const program = new URL("dist/index.js", suite).pathname;
    const options = ["server", "--url", url.href, ...choice, "-o", folder];
    const child = spawn(process.execPath, [program, ...options], { stdio: ["ignore", "ignore", "pipe"] });
    const said = text(child.stderr);
    await once(child, "exit");
    const found = await findingsIn(folder);
    if (found.size === 0) throw new Error(`the suite ran no scenario: ${await said}`);
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function findingsIn(folder: string): Promise<Findings> {
  const found = new Map<string, z.output<typeof Checks>>();
  for (const name of await readdir(folder)) {
    const scenario = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name)?.[1];
    if (scenario === undefined) throw new Error(`the suite wrote ${name}, which is no folder of a scenario`);
    const checks = await readFile(join(folder, name, "checks.json"), "utf8");
    found.set(scenario, Checks.parse(JSON.parse(checks)));
  }
  return found;
}

/** Every check that did not pass, warnings among them, and every scenario without one that did: nothing passes unchecked. */
export function problems(found: Findings, scenarios: Iterable<string>): readonly string[] {
  const told: string[] = [];
  for (const scenario of scenarios) {
    const checks = found.get(scenario) ?? [];
    if (passed([checks]) === 0) told.push(`${scenario}: nothing was checked`);
    for (const { id, status, errorMessage = "" } of checks)
      if (status === "FAILURE" || status === "WARNING")
        told.push(`${scenario}: ${id} ${status} ${errorMessage}`);
  }
  return told;
}

export function passed(scenarios: Iterable<z.output<typeof Checks>>): number {
  return [...scenarios].flat().filter(({ status }) => status === "SUCCESS").length;
}
