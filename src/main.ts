#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { backup } from "./commands/backup.ts";
import type { Surroundings } from "./commands/command.ts";
import { doctor } from "./commands/doctor.ts";
import { restore } from "./commands/restore.ts";
import { signInLinkCommand } from "./commands/sign-in-link.ts";
import { compose, declared, operations } from "./compose.ts";
import { config, referredTo, type Config } from "./config.ts";
import { cliClient, type Client } from "./engines/outbound/client.ts";
import { wallClock } from "./kernel/clock.ts";
import { Failure, kinds } from "./kernel/failure.ts";
import { runCli } from "./surfaces/cli/cli.ts";
import { connectionFlags, type Connection } from "./surfaces/cli/connection.ts";
import { greeting } from "./surfaces/cli/greeting.ts";
import { visibleText } from "./surfaces/cli/visible-text.ts";

const packageFile = new URL("../package.json", import.meta.url);
const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, "utf8")));
const commands = [doctor, backup, restore, signInLinkCommand];
const builtins = [
  {
    name: "serve",
    does: "Starts the server. It is configured by environment variables: see docs/guide/configuration.md.",
  },
  ...commands,
];

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "serve" && !argv.includes("--help")) return serve();
  const settings = config();
  const { SLUICE_URL: url, SLUICE_API_KEY: key } = settings;
  const connection = connectionFlags(argv, { url, key: key?.reveal() ?? null }, operations);
  const { rest } = connection;
  const client = cliClient(connection.url, connection.key);
  try {
    const command = commands.find(({ name }) => name === rest[0]);
    if (command !== undefined && !rest.includes("--help"))
      return await command.run(rest.slice(1), surroundings(settings, connection, client));
    return await runCli({
      argv: builtins.some(({ name }) => name === rest[0]) ? ["help", ...rest.slice(0, 1)] : rest,
      operations,
      builtins,
      version,
      call: client.call,
      print: (line) => console.log(line),
      printError: (line) => console.error(line),
      declared,
      terminal: {
        colour: process.stdout.isTTY && process.stdout.hasColors(),
        confirm: process.stdin.isTTY && process.stdout.isTTY ? confirmed : null,
        environment: referredTo,
      },
      readInput: (path) => (path === "-" ? text(process.stdin) : readFileText(path)),
    });
  } finally {
    await client.close();
  }
}

function surroundings(settings: Config, { url, key }: Connection, client: Client): Surroundings {
  return {
    folder: settings.SLUICE_DATA_DIR,
    database: settings.SLUICE_DATABASE_URL,
    publicUrl: settings.SLUICE_PUBLIC_URL,
    hasOwnKeys: settings.SLUICE_VAULT_KEYS !== undefined,
    allow: settings.SLUICE_OUTBOUND_ALLOW,
    version,
    clock: wallClock,
    server: { url, hasKey: key !== null, call: client.call },
    print: (line) => console.log(visibleText(line)),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${visibleText(line)}`);
    },
  };
}

async function confirmed(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
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

/** Runs until SIGINT or SIGTERM, or until a newer version has taken over; a second signal ends it at once. */
async function serve(): Promise<number> {
  const sluice = await compose({ config: config(), version, log });
  const { first, signInLink } = sluice;
  const key = first === undefined || first.given ? null : first.key.reveal();
  console.log(greeting({ ...sluice, key, signInLink: signInLink?.reveal() ?? null }));
  const signalled = new Promise<undefined>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(undefined));
  });
  const outdated = await Promise.race([signalled, sluice.outdated]);
  log("stopping: no more is accepted, what is under way may finish");
  await sluice.close();
  if (outdated !== undefined) throw outdated;
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
