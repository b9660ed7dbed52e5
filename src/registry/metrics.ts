import type { Inbound } from "../engines/inbound/inbound.ts";
import type { Engines } from "./engines.ts";
import type { Runner } from "./runner.ts";

/** Figures of the process and its queue, in the Prometheus text format 0.0.4. No workspace's data is in them. */
export async function metrics(engines: Engines, runner: Runner, inbound: Inbound): Promise<string> {
  const { open, leased, lanes, oldestDueAt } = await engines.traffic.queue.depth();
  const { connections, requests, streams, bodyBytesInFlight } = inbound.stats();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const overdueMs = oldestDueAt === null ? 0 : Math.max(0, engines.clock.now() - oldestDueAt);
  const gauges: readonly (readonly [name: string, does: string, value: number, type?: string])[] = [
    ["sluice_jobs_open", "Jobs not yet ended, leased ones included.", open],
    ["sluice_jobs_leased", "Jobs being worked on.", leased],
    ["sluice_lanes", "Lanes with open jobs.", lanes],
    ["sluice_jobs_overdue_seconds", "How long the oldest job has been due.", overdueMs / 1_000],
    ["sluice_handlers_running", "Job handlers at work in this process.", runner.running()],
    ["sluice_connections", "Open connections.", connections],
    ["sluice_requests", "Requests being read or answered.", requests],
    ["sluice_streams", "Open-ended answers, such as event streams.", streams],
    ["sluice_body_bytes_in_flight", "Bytes of request bodies in memory.", bodyBytesInFlight],
    ["process_resident_memory_bytes", "Resident memory.", rss],
    ["nodejs_heap_used_bytes", "JavaScript heap in use.", heapUsed],
    ["process_cpu_seconds_total", "CPU time used.", (user + system) / 1e6, "counter"],
    ["process_uptime_seconds", "Age of the process.", process.uptime()],
  ];
  return gauges
    .map(
      ([name, does, value, type = "gauge"]) =>
        `# HELP ${name} ${does}\n# TYPE ${name} ${type}\n${name} ${value}\n`,
    )
    .join("");
}
