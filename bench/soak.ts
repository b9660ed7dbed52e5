// A real server under steady mixed load: does it keep what it must, and keep no more than that?
// Run: npm run soak -- --minutes 30 [--rate 100] [--database postgres], which starts a PostgreSQL and watches that too.
// Exits with 1 when an event is unaccounted for, something was answered otherwise than expected, or a figure grows.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { machine, median } from "./bench-server.ts";
import { judged, postgresFigures, serverFigures, type Seen, type Verdict } from "./soak-figures.ts";
import { startLoad, type Load, type Told } from "./soak-load.ts";
import { soakPostgres, type DatabaseSample } from "./soak-postgres.ts";
import { soakServer } from "./soak-server.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "2" },
    rate: { type: "string", default: "100" },
    database: { type: "string", default: "embedded" },
  },
});
const database = z.enum(["embedded", "postgres"]).parse(values.database);
const minutes = Number(values.minutes);
const rate = Number(values.rate);
const samplesMax = 240;
/** The part of the time in which caches fill and the heap finds its size. */
const warmUpPart = 1 / 3;
const settleMsMax = 120_000;

const Account = z.object({
  received: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  pending: z.int(),
  remainder: z.int(),
});
type Account = z.output<typeof Account>;

const everyMs = Math.max(1_000, (minutes * 60_000) / samplesMax);
const postgres = database === "postgres" ? await soakPostgres() : undefined;
const server = await soakServer(postgres?.environment ?? {});
const emptyBytes = (await look()).storedBytes;
const load = await startLoad(server.url, server.key, rate);
const samples: Seen[] = [];
const databaseSamples: DatabaseSample[] = [];
const startedAt = performance.now();
while (performance.now() - startedAt < minutes * 60_000) {
  await sleep(everyMs);
  const { seen, stored, storedBytes } = await look();
  samples.push({ ...seen, accepted: load.told.accepted, storedBytes: storedBytes - emptyBytes });
  if (stored !== undefined) databaseSamples.push(stored);
}
await load.stop();
const account = await settled(load);
await load.close();
const exitCode = await server.stop();
await postgres?.end();

const faults = [
  ...load.told.surprises,
  ...(exitCode === 0 ? [] : [`the server ended with ${exitCode}`]),
  ...unaccounted(load.told, account),
  ...report(afterWarmUp(samples), afterWarmUp(databaseSamples)),
];
for (const fault of faults) console.log(`FAULT ${fault.slice(0, 300)}`);
if (faults.length > 0) process.exitCode = 1;

async function look() {
  const seen = await server.sample();
  const stored = await postgres?.sample();
  return { seen, stored, storedBytes: stored?.databaseBytes ?? seen.folderBytes };
}

function afterWarmUp<T>(list: readonly T[]): readonly T[] {
  return list.slice(Math.floor(list.length * warmUpPart));
}

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

/** Prints the table; answers what comes to more than it may. */
function report(list: readonly Seen[], ofDatabase: readonly DatabaseSample[]): string[] {
  const minutesSeen = ((list.length - 1) * everyMs) / 60_000;
  console.log(
    `soak of ${database}, ${minutes} minutes at ${rate} events/s, ${list.length} samples after warm-up (${machine()})`,
  );
  console.log(
    `  ${"".padEnd(16)}${["1st", "2nd", "3rd", "4th quarter", "max", "most", "growth", "allowed"].map((head) => head.padStart(12)).join("")}`,
  );
  const verdicts = [
    ...judged(serverFigures, list),
    ...(ofDatabase.length === 0 ? [] : judged(postgresFigures, ofDatabase)),
  ];
  for (const verdict of verdicts) console.log(lineOf(verdict));
  const loop = (of: (it: Seen) => number): number => median(list.map(of));
  console.log(
    `  event loop delay, medians of the samples: p50 ${loop((it) => it.loopP50Ms).toFixed(1)} ms, p99 ${loop((it) => it.loopP99Ms).toFixed(1)} ms; longest ${Math.max(...list.map((it) => it.loopMaxMs)).toFixed(0)} ms`,
  );
  return verdicts.flatMap(({ name, excess }) =>
    excess === undefined ? [] : [`${name} ${excess} in ${minutesSeen.toFixed(1)} minutes`],
  );
}

function lineOf({ name, trend, most, allowed }: Verdict): string {
  const columns = [...trend.quarters, trend.max, most, trend.growth, allowed];
  return `  ${name.padEnd(16)}${columns.map((it) => (it?.toFixed(1) ?? "-").padStart(12)).join("")}`;
}
