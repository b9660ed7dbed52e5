#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { z } from "zod";
import { compose, operations } from "./compose.ts";
import { config } from "./config.ts";
import { cliClient } from "./engines/outbound/client.ts";
import { Failure, kinds } from "./kernel/failure.ts";
import { greeting } from "./surfaces/cli/greeting.ts";
import { connectionFlags, runCli } from "./surfaces/cli/cli.ts";

const packageFile = new URL("../package.json", import.meta.url);
const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, "utf8")));
const builtins = [{ name: "serve", does: "Starts the server. It is configured by environment variables." }];

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "serve" && !argv.includes("--help")) return serve();
  const settings = config();
  const { url, key, rest } = connectionFlags(argv, {
    url: settings.SLUICE_URL,
    key: settings.SLUICE_API_KEY?.reveal() ?? null,
  });
  const client = cliClient(url, key);
  try {
    return await runCli({ argv: rest, operations, call: client.call, version, builtins, ...terminal });
  } finally {
    await client.close();
  }
}

/** Runs until SIGINT or SIGTERM; a second signal ends it at once. */
async function serve(): Promise<number> {
  const log = (line: string): void => console.error(`${new Date().toISOString()} ${line}`);
  const sluice = await compose({ config: config(), version, log });
  console.log(greeting({ ...sluice, key: sluice.first?.key.reveal() ?? null }));
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  log("stopping: no more is accepted, what is under way may finish");
  await sluice.close();
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`error: ${error.message}`);
  if (error.detail.hint !== undefined) console.error(`hint: ${error.detail.hint}`);
  process.exitCode = kinds[error.kind].exitCode;
}
