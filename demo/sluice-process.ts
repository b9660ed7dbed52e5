import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Sluice as one starts it: a process of its own, on a folder of its own. */
export type SluiceProcess = {
  readonly folder: string;
  /** How many files the folder held before the start. */
  readonly filesBefore: number;
  readonly key: string;
  /** Resolves with its address once /readyz answers 200. */
  ready(): Promise<string>;
  /** The end of what it wrote to its log. */
  log(): string;
  /** Ends it by SIGTERM and removes the folder. Answers its exit code, null when it had to be killed. */
  stop(): Promise<number | null>;
};

const main = "src/main.ts";
const readyWithinMs = 60_000;
const stopWithinMs = 30_000;
const lookEveryMs = 50;
const logCharactersMax = 20_000;

export function startSluice(): SluiceProcess {
  const folder = mkdtempSync(join(tmpdir(), "sluice-demo-"));
  const filesBefore = readdirSync(folder).length;
  const key = `mk_${"demoOnlyNotASecret".padEnd(24, "0")}${randomBytes(12).toString("hex")}`;
  const child = spawn(process.execPath, [main, "serve"], {
    cwd: join(import.meta.dirname, ".."),
    env: { ...withoutSettings(process.env), ...settings(folder, key) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { out: "", log: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (written.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    written.log = (written.log + text).slice(-logCharactersMax);
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once("exit", resolve).once("error", (error) => {
      written.log += String(error);
      resolve(null);
    });
  });
  const ended = exited.then((code) => {
    throw new Error(`Sluice ended with ${code ?? "a signal"} before it was ready.\n${written.log}`);
  });
  ended.catch(() => {});

  async function lookUntilReady(): Promise<string> {
    const until = performance.now() + readyWithinMs;
    while (performance.now() < until) {
      const url = /^Sluice listens on (\S+)/m.exec(written.out)?.[1];
      if (url !== undefined && (await answersReady(url))) return url;
      await sleep(lookEveryMs);
    }
    throw new Error(`Sluice was not ready within ${readyWithinMs / 1000} s.\n${written.log}`);
  }

  return {
    folder,
    filesBefore,
    key,
    ready: () => Promise.race([lookUntilReady(), ended]),
    log: () => written.log,
    async stop() {
      child.kill("SIGTERM");
      const patience = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      const code = await exited;
      clearTimeout(patience);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

function settings(folder: string, key: string): Readonly<Record<string, string>> {
  return {
    SLUICE_DATA_DIR: folder,
    SLUICE_PORT: "0",
    SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
    SLUICE_BOOTSTRAP_API_KEY: key,
  };
}

/** What is set for a Sluice of one's own must not reach this one. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isSetting = (name: string) => name.startsWith("SLUICE_") || name === "MCP_SERVER_ENABLED";
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !isSetting(name)));
}

async function answersReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/readyz`);
  await answer.arrayBuffer();
  return answer.status === 200;
}
