#!/usr/bin/env node
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { backup } from "./commands/backup.ts";
import type { Surroundings } from "./commands/command.ts";
import { doctor } from "./commands/doctor.ts";
import { callAsPerson } from "./commands/login/call-as-person.ts";
import { login } from "./commands/login/login.ts";
import { serverAddress, type LoginCommand, type LoginSurroundings } from "./commands/login/login-command.ts";
import { logout } from "./commands/login/logout.ts";
import { token } from "./commands/login/token.ts";
import { proxyCommand, type ProxySurroundings } from "./commands/proxy/proxy.ts";
import { restore } from "./commands/restore.ts";
import { signInLinkCommand } from "./commands/sign-in-link.ts";
import { compose, declared, operations } from "./compose.ts";
import { config, referredTo, seat, type Config } from "./config.ts";
import { openInBrowser } from "./engines/browser/browser.ts";
import { loginFile } from "./engines/logins/login-file.ts";
import { cliClient, type Client } from "./engines/outbound/client.ts";
import { wallClock } from "./kernel/clock.ts";
import { Failure, kinds } from "./kernel/failure.ts";
import { runCli } from "./surfaces/cli/cli.ts";
import { isShort } from "./surfaces/cli/command-name.ts";
import { connectionFlags, type Connection } from "./surfaces/cli/connection.ts";
import { greeting } from "./surfaces/cli/greeting.ts";
import { overwritten, progressLine, type ProgressLine } from "./surfaces/cli/progress-line.ts";
import { visibleText } from "./surfaces/cli/visible-text.ts";

/** One folder up from the source, two from where it is compiled to. */
const packageFile = ["../package.json", "../../package.json"]
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
if (packageFile === undefined) throw new Error("The package.json of Sluice is missing.");
const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(packageFile, "utf8")));
const commands = [doctor, backup, restore, signInLinkCommand];
const loginCommands: readonly LoginCommand[] = [login, logout, token];
const builtins = [
  {
    name: "serve",
    does: "Starts the server. It is configured by environment variables: see docs/guide/configuration.md.",
  },
  login,
  logout,
  token,
  proxyCommand,
  ...commands,
];

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === "serve" && !argv.includes("--help")) return serve();
  const settings = config();
  const { SLUICE_URL: url, SLUICE_API_KEY: key } = settings;
  const connection = connectionFlags(argv, { url, key: key?.reveal() ?? null }, operations);
  const progress = progressHere(argv);
  const client = cliClient(connection.url, connection.key, progress?.tell);
  const nobody = cliClient(connection.url, null, progress?.tell);
  const person = personAt(connection, nobody);
  const call = person.hasKey ? client.call : callAsPerson(person);
  try {
    return await run(connection.rest, { settings, person, call, progress });
  } finally {
    await Promise.all([client.close(), nobody.close()]);
  }
}

type Around = {
  readonly settings: Config;
  readonly person: LoginSurroundings;
  readonly call: Client["call"];
  readonly progress: ProgressLine | undefined;
};

/** Runs what this machine does itself, or an operation at the server. */
async function run(argv: readonly string[], { settings, person, call, progress }: Around): Promise<number> {
  const [name, ...args] = argv;
  const isOwn = !isShort(argv, builtins);
  if (isOwn && !argv.includes("--help")) {
    const command = commands.find((it) => it.name === name);
    if (command !== undefined) return command.run(args, surroundings(settings, person, call));
    const about = loginCommands.find((it) => it.name === name);
    if (about !== undefined) return about.run(args, person);
    if (name === proxyCommand.name) return proxyCommand.run(args, proxySurroundings(person, call));
  }
  return runCli({
    argv: isOwn && builtins.some((it) => it.name === name) ? ["help", ...argv.slice(0, 1)] : argv,
    operations,
    builtins,
    version,
    call,
    print(line) {
      progress?.clear();
      console.log(line);
    },
    printError(line) {
      progress?.clear();
      console.error(line);
    },
    declared,
    terminal: {
      colour: process.stdout.isTTY && process.stdout.hasColors(),
      confirm: process.stdin.isTTY && process.stdout.isTTY ? confirmed : null,
      progress,
      environment: referredTo,
    },
    readInput,
  });
}

function personAt({ url, key }: Connection, { call }: Client): LoginSurroundings {
  const { folder, isRemote, isUnattended } = seat();
  const isTerminal = process.stdout.isTTY;
  return {
    url: serverAddress(url),
    hasKey: key !== null,
    client: { call },
    logins: loginFile(folder),
    clock: wallClock,
    isHere: isTerminal && !isRemote,
    openBrowser: (address) =>
      isTerminal && !isRemote && !isUnattended ? openInBrowser(address) : Promise.resolve(false),
    wait: (ms) => sleep(ms),
    print: (lines) => console.log(visibleText(lines)),
  };
}

function surroundings(
  settings: Config,
  { url, hasKey, logins }: LoginSurroundings,
  call: Client["call"],
): Surroundings {
  return {
    folder: settings.SLUICE_DATA_DIR,
    database: settings.SLUICE_DATABASE_URL,
    publicUrl: settings.SLUICE_PUBLIC_URL,
    hasOwnKeys: settings.SLUICE_VAULT_KEYS !== undefined,
    allow: settings.SLUICE_OUTBOUND_ALLOW,
    version,
    clock: wallClock,
    server: {
      url,
      call,
      // Looked at by whoever needs it alone: others are to run where it cannot be read.
      get hasKey() {
        return hasKey || logins.get(url) !== undefined;
      },
    },
    print: (line) => console.log(visibleText(line)),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(overwritten(line));
    },
  };
}

function proxySurroundings({ url }: LoginSurroundings, call: Client["call"]): ProxySurroundings {
  return {
    url,
    call,
    version,
    clock: wallClock,
    print: (line) => console.log(visibleText(line)),
    say: (line) => console.error(visibleText(line)),
    ended: signalled(),
  };
}

/** Beside answers that a person reads; what is piped on is not watched. */
function progressHere(argv: readonly string[]): ProgressLine | undefined {
  if (!process.stdout.isTTY || !process.stderr.isTTY || argv.includes("--json")) return undefined;
  return progressLine(wallClock, (line) => void process.stderr.write(line));
}

async function confirmed(question: string): Promise<boolean> {
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

/** What a command is given to read, such as an archive of a browser. */
const inputBytesMax = 64 * 1024 * 1024;

async function readInput(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream: AsyncIterable<Buffer> = path === "-" ? process.stdin : createReadStream(path);
    for await (const chunk of stream) {
      size += chunk.length;
      if (size > inputBytesMax) break;
      chunks.push(chunk);
    }
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new Failure("invalid", `The file ${path} cannot be read: ${said}.`, {
      hint: "`-` reads standard input.",
    });
  }
  if (size > inputBytesMax)
    throw new Failure("too_large", `The file ${path} has more than ${inputBytesMax / 1024 / 1024} MiB.`, {
      hint: "Give it in parts.",
    });
  return Buffer.concat(chunks).toString();
}

/** Runs until SIGINT or SIGTERM, or until a newer version has taken over; a second signal ends it at once. */
async function serve(): Promise<number> {
  const sluice = await compose({ config: config(), version, log });
  const { first, signInLink } = sluice;
  const key = first === undefined || first.given ? null : first.key.reveal();
  console.log(greeting({ ...sluice, key, signInLink: signInLink?.reveal() ?? null }));
  const outdated = await Promise.race([signalled(), sluice.outdated]);
  log("stopping: no more is accepted, what is under way may finish");
  await sluice.close();
  if (outdated !== undefined) throw outdated;
  return 0;
}

function signalled(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve(undefined));
  });
}

function log(line: string): void {
  console.error(`${new Date(wallClock.now()).toISOString()} ${line}`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(visibleText(`error: ${error.message}`));
  if (error.detail.hint !== undefined) console.error(visibleText(`hint: ${error.detail.hint}`));
  process.exitCode = kinds[error.kind].exitCode;
}
