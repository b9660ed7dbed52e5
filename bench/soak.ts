// A real server under steady mixed load: does it keep what it must, and keep no more than that?
// Run: npm run soak -- --minutes 30 [--rate 100]. SLUICE_DATABASE_URL is passed on to the server.
// Exits with 1 when an event is unaccounted for, something was answered otherwise than expected, or a figure grows.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { machine, median } from "./bench-server.ts";
import { startLoad, type Load, type Told } from "./soak-load.ts";
import { soakServer, type Sample } from "./soak-server.ts";
import { isBounded, trendOf, type Bound } from "./soak-trend.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "2" }, rate: { type: "string", default: "100" } },
});
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const samplesMax = 240;
/** The part of the time in which caches fill and the heap finds its size. */
const warmUpPart = 1 / 3;
const settleMsMax = 120_000;
const mib = 2 ** 20;

const Account = z.object({
  received: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  pending: z.int(),
  remainder: z.int(),
});
type Account = z.output<typeof Account>;
type Seen = Sample & { readonly accepted: number };

/** What is sampled, in which unit, and by how much it may grow after the warm-up. */
const figures: Readonly<
  Record<string, { of(it: Seen): number; readonly unit: number; readonly bound: Bound }>
> = {
  "RSS, MiB": { of: (it) => it.rssBytes, unit: mib, bound: { part: 0.15, atLeast: 32 } },
  "heap, MiB": { of: (it) => it.heapBytes, unit: mib, bound: { part: 0.25, atLeast: 24 } },
  "external, MiB": { of: (it) => it.externalBytes, unit: mib, bound: { part: 0.25, atLeast: 24 } },
  "WAL, MiB": { of: (it) => it.walBytes, unit: mib, bound: { part: 0.25, atLeast: 64 } },
  "open files": { of: (it) => it.openFiles, unit: 1, bound: { part: 0.1, atLeast: 16 } },
  sockets: { of: (it) => it.sockets, unit: 1, bound: { part: 0.1, atLeast: 16 } },
  threads: { of: (it) => it.threads, unit: 1, bound: { part: 0, atLeast: 1 } },
};

const everyMs = Math.max(1_000, (minutes * 60_000) / samplesMax);
const server = await soakServer();
const load = await startLoad(server.url, server.key, rate);
const samples: Seen[] = [];
const startedAt = performance.now();
while (performance.now() - startedAt < minutes * 60_000) {
  await sleep(everyMs);
  samples.push({ ...(await server.sample()), accepted: load.told.accepted });
}
await load.stop();
const account = await settled(load);
await load.close();
const exitCode = await server.stop();

const looked = samples.slice(Math.floor(samples.length * warmUpPart));
const faults = [
  ...load.told.surprises,
  ...(exitCode === 0 ? [] : [`the server ended with ${exitCode}`]),
  ...unaccounted(load.told, account),
  ...report(looked),
];
for (const fault of faults) console.log(`FAULT ${fault.slice(0, 300)}`);
if (faults.length > 0) process.exitCode = 1;

/** The account once nothing is pending, or as it is when that takes too long. */
async function settled({ call }: Load): Promise<Account> {
  const until = performance.now() + settleMsMax;
  for (;;) {
    const now = Account.parse(await call("GET", "/account-for-webhooks"));
    if (now.pending === 0 || performance.now() > until) return now;
    await sleep(1_000);
  }
}

function unaccounted(told: Told, { remainder, pending, received, duplicate, rejected }: Account): string[] {
  const sent = told.accepted + told.duplicate + told.rejected;
  console.log(
    `senders were told: accepted ${told.accepted}, duplicate ${told.duplicate}, rejected ${told.rejected}, to send again (503) ${told.deferred}; calls ${told.calls}`,
  );
  console.log(
    `account: received ${received}, duplicate ${duplicate}, rejected ${rejected}, pending ${pending}, remainder ${remainder}`,
  );
  // What was answered 503 may be stored all the same: it was on its way when its time was over.
  const fits = (counted: number, known: number): boolean =>
    counted >= known && counted <= known + told.deferred;
  const accounted = remainder === 0 && pending === 0 && fits(received, sent);
  return accounted && fits(duplicate, told.duplicate) && fits(rejected, told.rejected)
    ? []
    : ["the account is not what the senders were told"];
}

/** Prints the table; answers what grows. */
function report(list: readonly Seen[]): string[] {
  const minutesSeen = ((list.length - 1) * everyMs) / 60_000;
  console.log(
    `soak, ${minutes} minutes at ${rate} events/s, ${list.length} samples after warm-up (${machine()})`,
  );
  console.log(
    `  ${"".padEnd(16)}${["1st", "2nd", "3rd", "4th quarter", "max", "growth", "allowed"].map((head) => head.padStart(12)).join("")}`,
  );
  const growing: string[] = [];
  for (const [name, { of, unit, bound }] of Object.entries(figures)) {
    const trend = trendOf(list.map((it) => of(it) / unit));
    const allowed = Math.max(trend.median * bound.part, bound.atLeast);
    const columns = [...trend.quarters, trend.max, trend.growth, allowed];
    console.log(`  ${name.padEnd(16)}${columns.map((it) => it.toFixed(1).padStart(12)).join("")}`);
    if (!isBounded(trend, bound))
      growing.push(`${name} grows by ${trend.growth.toFixed(1)} in ${minutesSeen.toFixed(1)} minutes`);
  }
  const half = Math.floor(list.length / 2);
  console.log(
    `  bytes stored per accepted event: ${bytesPerEvent(list.slice(0, half))}, then ${bytesPerEvent(list.slice(half))}`,
  );
  const loop = (of: (it: Seen) => number): number => median(list.map(of));
  console.log(
    `  event loop delay, medians of the samples: p50 ${loop((it) => it.loopP50Ms).toFixed(1)} ms, p99 ${loop((it) => it.loopP99Ms).toFixed(1)} ms; longest ${Math.max(...list.map((it) => it.loopMaxMs)).toFixed(0)} ms`,
  );
  return growing;
}

function bytesPerEvent(list: readonly Seen[]): string {
  const [first, last] = [list[0], list.at(-1)];
  if (first === undefined || last === undefined) return "unknown";
  return ((last.folderBytes - first.folderBytes) / (last.accepted - first.accepted)).toFixed(0);
}
