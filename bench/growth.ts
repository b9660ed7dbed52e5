// What one more event costs while ten times as much is stored: committed, ended by its attempt and rolled up, on both databases.
// The stores are filled side by side and measured in turns, so that both ratios are of the same minutes.
//
//   node bench/growth.ts [events a round, 5000] [rounds, 5]
import { dayMs, deliverAll, rollAll, type LedgerPlace } from "./ledger-place.ts";
import { postgresLedgerPlace } from "./ledger-postgres.ts";
import { sqliteLedgerPlace } from "./ledger-sqlite.ts";
import { childrenUs } from "./children-cpu.ts";
import { machine, median } from "./bench-server.ts";

const events = Number(process.argv[2] ?? 5_000);
const rounds = Number(process.argv[3] ?? 5);
const sizes = [100_000, 1_000_000];
const databases = { SQLite: sqliteLedgerPlace, PostgreSQL: postgresLedgerPlace } as const;

/** CPU of this process and of the server, for each event, in us. */
async function costOf(place: LedgerPlace): Promise<number> {
  const before = { own: process.cpuUsage(), server: serverUs(place) };
  await deliverAll(place, events);
  await rollAll(place);
  const { user, system } = process.cpuUsage(before.own);
  return (user + system + serverUs(place) - before.server) / events;
}

function serverUs({ serverPid }: LedgerPlace): number {
  return serverPid === null ? 0 : childrenUs(serverPid);
}

console.log(`${events} events a round, ${rounds} rounds in turns after one to warm up (${machine()})`);
for (const [name, open] of Object.entries(databases)) {
  const places = await placesOf(open);
  const costs = await costsOf(places);
  const [few = [], many = []] = costs;
  const ratio = median(many.map((us, n) => us / (few[n] ?? Number.NaN)));
  console.log(
    `  ${name.padEnd(10)} ${median(few).toFixed(0)} us CPU an event at ${sizes[0]} exchanges, ${median(many).toFixed(0)} at ${sizes[1]}: ${ratio.toFixed(2)} times`,
  );
  for (const place of places) await place.close();
}

async function placesOf(open: (typeof databases)[keyof typeof databases]): Promise<readonly LedgerPlace[]> {
  const to = Date.now();
  const places: LedgerPlace[] = [];
  for (const exchanges of sizes) places.push(await open({ exchanges, from: to - dayMs, to }));
  // What was filled in is rolled up first: it is no part of what one more costs.
  for (const place of places) await rollAll(place);
  return places;
}

/** By place and round. */
async function costsOf(places: readonly LedgerPlace[]): Promise<readonly (readonly number[])[]> {
  const costs: number[][] = places.map(() => []);
  for (let n = 0; n <= rounds; n++)
    for (const [which, place] of places.entries()) {
      const cost = await costOf(place);
      if (n > 0) costs[which]?.push(cost); // the first warms up
    }
  return costs;
}
