import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { messageOf } from "./bench-server.ts";

/** No secret: the key of the server that is soaked. */
const key = `mk_${"soakOnlyNotASecret".padEnd(49, "0")}`;

const Inside = z.object({
  heapBytes: z.number(),
  externalBytes: z.number(),
  cpuSeconds: z.number(),
  loopP50Ms: z.number(),
  loopP99Ms: z.number(),
  loopMaxMs: z.number(),
});

/** The server at one moment. Loop delays are those since the sample before. */
export type Sample = z.output<typeof Inside> & {
  readonly rssBytes: number;
  readonly openFiles: number;
  readonly sockets: number;
  readonly threads: number;
  readonly walBytes: number;
  readonly folderBytes: number;
};

export type SoakServer = {
  readonly url: string;
  readonly key: string;
  sample(): Promise<Sample>;
  /** Ends it in good order and removes its folder; the exit code. */
  stop(): Promise<number | null>;
};

/** A real server, as anyone starts it, with these settings and a probe in it. */
export async function soakServer(settings: Readonly<Record<string, string>>): Promise<SoakServer> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-soak-"));
  const child = fork(fileURLToPath(new URL("../src/main.ts", import.meta.url)), ["serve"], {
    execArgv: ["--import", fileURLToPath(new URL("./soak-probe.ts", import.meta.url))],
    env: {
      PATH: process.env["PATH"],
      SLUICE_DATA_DIR: folder,
      SLUICE_PORT: "0",
      SLUICE_OUTBOUND_ALLOW: "127.0.0.0/8",
      SLUICE_INGEST_RATE: "0",
      SLUICE_API_RATE: "0",
      SLUICE_BOOTSTRAP_API_KEY: key,
      ...settings,
    },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const url = await addressOf(child);
  return {
    url,
    key,
    async sample() {
      child.send("sample");
      const inside = Inside.parse(await messageOf(child));
      return { ...inside, ...(await seenFromOutside(child.pid ?? 0)), ...(await sizesIn(folder)) };
    },
    async stop() {
      child.kill("SIGTERM");
      const [code] = (await ended) as [number | null];
      await rm(folder, { recursive: true, force: true });
      return code;
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  let printed = "";
  for await (const text of child.stdout ?? []) {
    printed += String(text);
    const url = /^Sluice listens on (\S+)/m.exec(printed)?.[1];
    if (url === undefined) continue;
    child.stdout?.resume();
    return url;
  }
  throw new Error(`the server ended before it listened\n${printed}`);
}

async function seenFromOutside(pid: number) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const figure = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  const open = await readdir(`/proc/${pid}/fd`);
  const links = await Promise.all(open.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(gone)));
  return {
    rssBytes: figure("VmRSS") * 1024,
    threads: figure("Threads"),
    openFiles: open.length,
    sockets: links.filter((link) => link.startsWith("socket:")).length,
  };
}

/** A file may be closed, or a log begun anew, while one looks. */
function gone(): "" {
  return "";
}

async function sizesIn(folder: string) {
  const names = await readdir(folder);
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  const sum = (fits: (name: string) => boolean): number =>
    sizes.reduce((total, size, i) => total + (fits(names[i] ?? "") ? size : 0), 0);
  return {
    walBytes: sum((name) => name.endsWith("-wal")),
    folderBytes: sum((name) => !name.endsWith("-wal")),
  };
}
