import { monitorEventLoopDelay } from "node:perf_hooks";

/** What the benchmark is told once the child can be used. */
export type ReadyChild = {
  readonly url: string;
  readonly key?: string;
  readonly folder?: string;
};

/** The child's end of `driven` in bench-server.ts: says what it used of the CPU between "start" and "stop", and exits on "end". */
export function beMeasured(ready: ReadyChild, end: () => unknown): void {
  const loop = monitorEventLoopDelay({ resolution: 1 });
  let cpu = process.cpuUsage();
  let main = process.threadCpuUsage();
  process.on("message", (message) => {
    if (message === "start") {
      loop.reset();
      loop.enable();
      cpu = process.cpuUsage();
      main = process.threadCpuUsage();
      process.send?.({ kind: "started" });
    }
    if (message === "stop") {
      const { user, system } = process.cpuUsage(cpu);
      const own = process.threadCpuUsage(main);
      process.send?.({
        kind: "stopped",
        cpuUs: user + system,
        mainUs: own.user + own.system,
        loopMaxMs: loop.max / 1e6,
        loopP99Ms: loop.percentile(99) / 1e6,
        rssMb: process.memoryUsage().rss / 2 ** 20,
      });
    }
    if (message === "end") void Promise.resolve(end()).then(() => process.exit(0));
  });
  process.send?.({ kind: "ready", ...ready });
}
