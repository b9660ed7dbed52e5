import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { loadavg } from "node:os";
import { z } from "zod";

const Ready = z.object({
  kind: z.literal("ready"),
  url: z.string(),
  key: z.string().default(""),
  folder: z.string().default(""),
});
const Stopped = z.object({
  kind: z.literal("stopped"),
  cpuUs: z.number(),
  /** Of which the main thread's. */
  mainUs: z.number(),
  loopMaxMs: z.number(),
  loopP99Ms: z.number(),
  rssMb: z.number(),
});

export type Spent = z.output<typeof Stopped>;

export type BenchServer = {
  readonly url: string;
  readonly key: string;
  /** Where it stores; "" for one that stores nothing. */
  readonly folder: string;
  /** CPU of the whole process, threads included, while `work` runs. */
  measure<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly spent: Spent }>;
  api(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  end(): Promise<void>;
};

/** Starts a server of the product in a child process, with these settings; `forgetful` commits nothing. */
export function benchServer(
  variant: "durable" | "forgetful",
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchServer> {
  const env = { ...process.env, ...settings };
  return driven(fork(new URL("./server.ts", import.meta.url), [variant], { env }));
}

/** The baseline of the pipeline, driven alike. */
export function bareForwarder(targetUrl: string): Promise<BenchServer> {
  return driven(fork(new URL("./bare-forwarder.ts", import.meta.url), [targetUrl]));
}

/** The least with the same promises, driven alike. */
export function barePipeline(targetUrl: string): Promise<BenchServer> {
  return driven(fork(new URL("./bare-pipeline.ts", import.meta.url), [targetUrl]));
}

async function driven(child: ChildProcess): Promise<BenchServer> {
  const first = await messageOf(child);
  const { url, key, folder } = Ready.parse(first);
  const ask = async (message: string): Promise<unknown> => {
    child.send(message);
    return messageOf(child);
  };
  return {
    url,
    key,
    folder,
    async measure(work) {
      await ask("start");
      const result = await work();
      return { result, spent: Stopped.parse(await ask("stop")) };
    },
    async api(method, path, body) {
      const response = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const json = z.record(z.string(), z.unknown()).parse(await response.json());
      if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(json)}`);
      return json;
    },
    async end() {
      child.send("end");
      await once(child, "exit");
    },
  };
}

/** The next message a child process sends. */
export async function messageOf(child: ChildProcess): Promise<unknown> {
  const messages: readonly unknown[] = await once(child, "message");
  return messages[0];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function machine(): string {
  return `node ${process.version}, load average ${loadavg()[0]?.toFixed(1)}`;
}
