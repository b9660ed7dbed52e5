#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { compose, operations } from "./compose.ts";
import { config } from "./config.ts";
import { cliClient } from "./engines/outbound/client.ts";
import { wallClock } from "./kernel/clock.ts";
import { Failure, kinds } from "./kernel/failure.ts";
import { runCli } from "./surfaces/cli/cli.ts";
import { connectionFlags } from "./surfaces/cli/connection.ts";
import { greeting } from "./surfaces/cli/greeting.ts";

const packageFile = new URL("../package.json", import.meta.url);
const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, "utf8")));
const builtins = [
  {
    name: "serve",
    does: "Starts the server. It is configured by environment variables: see docs/guide/configuration.md.",
  },
];

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "serve" && !argv.includes("--help")) return serve();
  const { SLUICE_URL: url, SLUICE_API_KEY: key } = config();
  const connection = connectionFlags(argv, { url, key: key?.reveal() ?? null }, operations);
  const client = cliClient(connection.url, connection.key);
  try {
    return await runCli({
      argv: connection.rest,
      operations,
      builtins,
      version,
      call: client.call,
      print: (line) => console.log(line),
      printError: (line) => console.error(line),
      readInput: (path) => (path === "-" ? text(process.stdin) : readFileText(path)),
    });
  } finally {
    await client.close();
  }
}

async function readFileText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure("invalid", `The file ${path} cannot be read: ${said}.`, {
      hint: "`-` reads standard input.",
    });
  }
}

/** Runs until SIGINT or SIGTERM; a second signal ends it at once. */
async function serve(): Promise<number> {
  const sluice = await compose({ config: config(), version, log });
  const { first } = sluice;
  console.log(greeting({ ...sluice, key: first === undefined || first.given ? null : first.key.reveal() }));
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve());
  });
  log("stopping: no more is accepted, what is under way may finish");
  await sluice.close();
  return 0;
}

function log(line: string): void {
  console.error(`${new Date(wallClock.now()).toISOString()} ${line}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(`error: ${error.message}`);
  if (error.detail.hint !== undefined) console.error(`hint: ${error.detail.hint}`);
  process.exitCode = kinds[error.kind].exitCode;
}
