import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { asking, type Ask } from "./asking.ts";
import { eventually } from "./eventually.ts";

/** How a process ended: its exit code, or the signal that ended it. */
export type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** A process of the product, as anyone starts it. */
export type Launched = {
  /** What it printed on standard output, and on standard error, so far. */
  output(): string;
  log(): string;
  readonly ended: Promise<End>;
  send(signal: NodeJS.Signals): void;
};

/** A server that answers. */
export type ServerProcess = Launched & {
  readonly url: string;
  readonly echoUrl: string;
  /** Calls an operation over REST. */
  readonly ask: Ask;
  /** Ends it as a power cut would; resolves when it is gone. */
  kill(): Promise<End>;
  /** Ends it in good order; resolves when it is gone. */
  stop(): Promise<End>;
};

export type Launch = {
  /** The data folder. */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Program and arguments; `node src/main.ts serve` unless given. */
  readonly command?: readonly string[];
};

/** No secret: the key of every server that a journey starts. */
export const exampleKey = `mk_${"journeysOnlyNotASecret".padEnd(49, "0")}`;

const root = fileURLToPath(new URL("../..", import.meta.url));
export const serve: readonly string[] = [process.execPath, "src/main.ts", "serve"];

/** Journeys start many processes of the same code: all but the first find it compiled, as with those of other tests. */
const compileCache = process.env["NODE_COMPILE_CACHE"] ?? ownCache();

function ownCache(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-journey-code-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder of its own for a test, removed after it. */
export async function freshFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-journey-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a process of the product that the test ends at the latest. It sees the settings given here and no others. */
export function launch(t: TestContext, { folder, environment, command = serve }: Launch): Launched {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: compileCache,
      SLUICE_DATA_DIR: folder,
      SLUICE_PORT: "0",
      SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
      SLUICE_INGEST_RATE: "0",
      SLUICE_API_RATE: "0",
      SLUICE_BOOTSTRAP_API_KEY: exampleKey,
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { output: "", log: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (written.log += text));
  const ended = once(child, "close").then(([code, signal]): End => ({
    code: code as End["code"],
    signal: signal as End["signal"],
  }));
  const send = (signal: NodeJS.Signals): void => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // Under a tracer the server is a process of its own: it says who it is.
    const pid = program === process.execPath ? child.pid : (holderOf(folder) ?? child.pid);
    if (pid !== undefined) process.kill(pid, signal);
  };
  t.after(async () => {
    send("SIGKILL");
    await ended;
  });
  return { output: () => written.output, log: () => written.log, ended, send };
}

/** Starts a server and waits until it is ready. */
export async function startServer(t: TestContext, start: Launch): Promise<ServerProcess> {
  const launched = launch(t, start);
  const { output, log, ended, send } = launched;
  let end: End | undefined;
  void ended.then((how) => (end = how));
  const url = await eventually("a server that is ready", async () => {
    if (end !== undefined) throw new Error(`the server ended with ${end.code ?? end.signal}\n${log()}`);
    const printed = /^Sluice listens on (\S+)/m.exec(output())?.[1];
    return printed !== undefined && (await isReady(printed)) ? printed : undefined;
  });
  const endBy = (signal: NodeJS.Signals) => () => {
    send(signal);
    return ended;
  };
  return {
    ...launched,
    url,
    echoUrl: /Echo +(\S+)/.exec(output())?.[1] ?? "",
    ask: asking(url, exampleKey),
    kill: endBy("SIGKILL"),
    stop: endBy("SIGTERM"),
  };
}

/** What /readyz says: every part works. */
export async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`);
  await answer.arrayBuffer();
  return answer.status === 200;
}

function holderOf(folder: string): number | undefined {
  try {
    return (JSON.parse(readFileSync(join(folder, "holder.json"), "utf8")) as { pid: number }).pid;
  } catch (error) {
    // It has not taken the folder yet.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
